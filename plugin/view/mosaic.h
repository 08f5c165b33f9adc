/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <map>
#include <string>
#include <vector>

#include "backbone/level.h"
#include "channels.h"
#include "frame/picture.h"
#include "layout.h"
#include "maps.h"
#include "pixel.h"
#include "settings.h"

namespace fm {

/** \brief The mosaic view: draws channels of a level as tiles, and keeps what lasts from frame to
 * frame */
class Mosaic
{
public:
	/** \brief Draws one frame's \a maps of \a level; \a picture takes on the layout's size */
	void draw(const Level &level, const FeatureMaps &maps, const ViewSettings &settings,
	          const MosaicLayout &layout, Picture &picture);

private:
	std::vector<int> shownChannels(const FeatureMaps &maps, const ViewSettings &settings,
	                               int cells);
	std::vector<Range> colorRanges(const FeatureMaps &maps, const std::vector<int> &channels,
	                               const std::vector<Range> &found,
	                               const ViewSettings &settings);
	Range running(int channel, Range now);

	std::string level_; /* That the members below belong to. */
	ChannelRanking ranking_;
	std::map<int, Range> running_; /* By channel, averaged over frames. */
};

} /* namespace fm */
