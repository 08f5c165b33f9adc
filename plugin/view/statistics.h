/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vector>

#include "maps.h"
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

/** \brief Mean of |value| of each map, not-a-number aside */
std::vector<float> meanMagnitudes(const FeatureMaps &maps);

} /* namespace fm */
