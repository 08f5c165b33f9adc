/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backbone/channelset.h"
#include "draw.h"
#include "drawnlevel.h"
#include "layout.h"
#include "maps.h"
#include "pixel.h"
#include "settings.h"

namespace fm {

/**
 * \brief What stands on the tile of a map: the level, the channel and, of a constant map, "dead"
 *
 * On the \a first tile also the size of the maps and the level's stride.
 */
std::vector<std::string> labelLines(const DrawnLevel &level, int channel, bool isDead, bool isFirst,
                                    Size maps);

/** \brief A panel on the host: ranges and labels of what is shown, and what lasts of them */
class Mosaic
{
public:
	/**
	 * \brief Takes in one frame's \a maps of \a level, which are the channels \a held
	 *
	 * \a channels are those shown, in the order of the tiles.
	 */
	void update(const DrawnLevel &level, const FeatureMaps &maps, const ChannelSet &held,
	            const std::vector<int> &channels, const ViewSettings &settings);

	/** \brief What the last update() took in, of the \a maps that it was given
	 *
	 * \a video and \a boxes are those of the frame, for what shows them; \a caption is over
	 * all of it.
	 */
	MosaicPicture picture(const FeatureMaps &maps, const ViewSettings &settings,
	                      const MosaicLayout &layout, const Frame &video = {},
	                      const Boxes &boxes = {}, const Caption &caption = {});

private:
	struct Shown {
		int channel;
		int place;   /* Among the channels that the maps are. */
		Range found; /* Smallest and largest value. */
		Range range; /* From the first colour to the last. */
	};

	void setRanges(const FeatureMaps &maps, const ViewSettings &settings);
	void setRunningRanges();
	std::shared_ptr<const Label> label(std::size_t k, const FeatureMaps &maps, Size tile);
	std::shared_ptr<const RangeLine> rangeLine(Size tile, const ColorBar &bar,
	                                           std::optional<int> top);
	/* Of all that is shown. */
	Range foundRange() const;

	DrawnLevel level_; /* That the members below belong to. */
	std::vector<Shown> shown_;
	std::map<int, Range> running_; /* By channel, averaged over frames. */

	/* The labels last made, by tile; most stay the same from frame to frame. */
	struct MadeLabel {
		Size tile;
		std::vector<std::string> lines;
		std::shared_ptr<const Label> label;
	};
	std::vector<MadeLabel> labels_;
	struct RangePlace {
		Size tile;
		ColorBar bar;
		std::optional<int> top;

		bool operator==(const RangePlace &) const = default;
	};
	RangePlace rangePlace_ = {}; /* That rangeLine_ is for. */
	std::shared_ptr<const RangeLine> rangeLine_;
};

} /* namespace fm */
