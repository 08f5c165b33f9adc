/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shownpicture.h"

#include "picture.h"

namespace fm {

namespace {

bool hasTilesOfChannels(View view)
{
	return view != View::Overlay && view != View::Pca && view != View::Video;
}

/* Of what is no number neither holds. */
bool isWithin(double place, int size)
{
	return place >= 0 && place < size;
}

} /* namespace */

ShownMaps ShownMaps::of(const ViewSettings &settings, const Level &level,
                        const std::vector<int> &shown)
{
	ShownMaps maps = { level.name, {} };
	if (hasTilesOfChannels(settings.view))
		for (const int channel : shown)
			maps.channels.insert(maps.channels.end(), tilesOfChannel(settings),
			                     channel);
	return maps;
}

std::optional<ShownChannel> channelAt(std::span<const ShownPanel> panels, double x, double y)
{
	for (const ShownPanel &panel : panels) {
		const Size size = panel.layout.size;
		if (!isWithin(x - panel.left, size.width) || !isWithin(y - panel.top, size.height))
			continue;
		const TilePlace at = tileAt(panel.layout, static_cast<int>(x) - panel.left,
		                            static_cast<int>(y) - panel.top);
		if (at.tile < 0 || at.tile >= static_cast<int>(panel.maps.channels.size()))
			return std::nullopt;
		return ShownChannel{ panel.maps.level, panel.maps.channels[at.tile] };
	}
	return std::nullopt;
}

} /* namespace fm */
