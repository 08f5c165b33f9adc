/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backbone/channelset.h"
#include "backbone/level.h"
#include "channels.h"
#include "draw.h"
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
std::vector<std::string> labelLines(const Level &level, int channel, bool isDead, bool isFirst,
                                    Size maps);

/** \brief The mosaic view on the host: chooses what is shown of a level, and keeps what lasts from
 * frame to frame */
class Mosaic
{
public:
	/**
	 * \brief The channels that the maps of the next update() have to be, for \a cells tiles
	 *
	 * With \a mayRank a ranked selection asks for all of them when it is time to. \a hasBoxes
	 * is of the next frame.
	 */
	ChannelSet neededChannels(const Level &level, const ViewSettings &settings, int cells,
	                          bool mayRank = true, bool hasBoxes = false) const;

	/**
	 * \brief Takes in one frame's \a maps of \a level, which are the channels \a held
	 *
	 * \a before are all of the frame before, where they are known: a ranking by change waits
	 * for them. \a boxes are the frame's.
	 */
	void update(const Level &level, const FeatureMaps &maps, const ChannelSet &held,
	            const ViewSettings &settings, int cells, const FeatureMaps *before = nullptr,
	            const Boxes &boxes = {});

	/** \brief The channels that the last update() chose, in the order of the tiles */
	std::vector<int> channels() const;

	/** \brief What the last update() chose, of the \a maps that it was given */
	MosaicPicture picture(const FeatureMaps &maps, const ViewSettings &settings,
	                      const MosaicLayout &layout);

private:
	struct Shown {
		int channel;
		int place;   /* Among the channels that the maps are. */
		Range found; /* Smallest and largest value. */
		Range range; /* From the first colour to the last. */
	};

	void rank(const FeatureMaps &maps, const FeatureMaps *before,
	          const ChannelSelection &selection);
	void setRanges(const FeatureMaps &maps, const ViewSettings &settings);
	void setRunningRanges();
	std::shared_ptr<const Label> label(std::size_t k, const FeatureMaps &maps, Size tile);
	std::shared_ptr<const RangeGlyphs> glyphs(Size tile);

	Boxes boxes_; /* Of the frame that the maps are of. */
	Level level_; /* That the members below belong to. */
	std::vector<Shown> shown_;
	ShownChannels channels_;
	std::map<int, Range> running_; /* By channel, averaged over frames. */

	/* The labels last made, by tile; most stay the same from frame to frame. */
	struct MadeLabel {
		Size tile;
		std::vector<std::string> lines;
		std::shared_ptr<const Label> label;
	};
	std::vector<MadeLabel> labels_;
	Size glyphsTile_ = {}; /* That glyphs_ are for. */
	std::shared_ptr<const RangeGlyphs> glyphs_;
};

} /* namespace fm */
