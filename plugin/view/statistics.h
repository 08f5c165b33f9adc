/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "boxes.h"
#include "levelstatistics.h"
#include "maps.h"
#include "mapsums.h"
#include "pixel.h"

namespace fm {

/**
 * \brief Smallest and largest value of each of the maps at \a places, not-a-number aside
 *
 * 0, 0 for a map that has no number.
 */
std::vector<Range> minMax(const FeatureMaps &maps, const std::vector<int> &places);

/**
 * \brief The \a low and \a high quantiles (0..1) of \a map, not-a-number aside
 *
 * Linear between neighbours, as numpy.quantile computes it by default.
 */
Range quantiles(const MapView &map, double low, double high);

/**
 * \brief Mean of |value| of each map, not-a-number aside
 *
 * Where there are the maps of the frame \a before, of the same size, of |value - value before|.
 * Where there are \a boxes, the mean of the values that they touch less that of the others; the
 * mean of no values is 0.
 */
std::vector<float> meanMagnitudes(const FeatureMaps &maps, const FeatureMaps *before = nullptr,
                                  const Boxes &boxes = {});

/** \brief Sums of each of the maps at \a places */
std::vector<MapSums> sumUp(const FeatureMaps &maps, const std::vector<int> &places);

/** \brief What \a maps, of the level called \a level, are together */
LevelStatistics summarise(const std::string &level, std::span<const MapSums> maps);

/** \brief Of one frame: the levels that are shown, each of a level's channels once */
class ShownStatistics
{
public:
	/** \brief Those of \a channels that this is the first time to be asked for, ascending */
	std::vector<int> claim(const std::string &level, std::span<const int> channels);

	/** \brief Takes in \a maps of \a level, whose channels were claimed */
	void add(const std::string &level, std::span<const MapSums> maps);

	/** \brief In the order in which they were claimed first */
	std::vector<LevelStatistics> levels() const;

private:
	struct Entry {
		std::string level;
		std::set<int> channels;
		std::vector<MapSums> maps;
	};

	Entry &entry(const std::string &level);

	std::vector<Entry> entries_;
};

} /* namespace fm */
