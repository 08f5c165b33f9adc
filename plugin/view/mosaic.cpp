/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mosaic.h"

#include <algorithm>
#include <cstdio>

#include "draw.h"
#include "label.h"
#include "statistics.h"

namespace fm {

namespace {

/* Weight of a new frame in a running range. */
constexpr float smoothing = 0.1f;

Range spanOf(const std::vector<Range> &ranges)
{
	Range all = ranges.front();
	for (const Range &range : ranges) {
		all.low = std::min(all.low, range.low);
		all.high = std::max(all.high, range.high);
	}
	return all;
}

Range symmetric(Range range)
{
	const float reach = std::max(std::abs(range.low), std::abs(range.high));
	return { -reach, reach };
}

std::string rangeText(Range range)
{
	char text[64];
	std::snprintf(text, sizeof(text), "%.3g..%.3g", range.low, range.high);
	return text;
}

std::vector<std::string> labelOf(const Level &level, int channel, bool dead)
{
	return { level.name + " " + std::to_string(channel) + (dead ? " dead" : "") };
}

} /* namespace */

std::vector<int> Mosaic::shownChannels(const FeatureMaps &maps, const ViewSettings &settings,
                                       int cells)
{
	const ChannelSelection selection = ChannelSelection::parse(settings.channels);
	std::vector<int> channels = selection.isRanked()
	                                    ? ranking_.update(maps, selection.count(maps.channels))
	                                    : selection.indices(maps.channels);
	if (static_cast<int>(channels.size()) > cells)
		channels.resize(cells);
	return channels;
}

Range Mosaic::running(int channel, Range now)
{
	const auto [entry, isNew] = running_.try_emplace(channel, now);
	Range &average = entry->second;
	if (!isNew) {
		average.low += smoothing * (now.low - average.low);
		average.high += smoothing * (now.high - average.high);
	}
	return average;
}

std::vector<Range> Mosaic::colorRanges(const FeatureMaps &maps, const std::vector<int> &channels,
                                       const std::vector<Range> &found,
                                       const ViewSettings &settings)
{
	std::vector<Range> ranges = found;
	switch (settings.normalize) {
	case Normalize::Tile:
		break;
	case Normalize::Level:
		ranges.assign(ranges.size(), spanOf(found));
		break;
	case Normalize::Fixed:
		ranges.assign(ranges.size(), { static_cast<float>(settings.rangeMin),
		                               static_cast<float>(settings.rangeMax) });
		break;
	case Normalize::Running:
		for (std::size_t k = 0; k < channels.size(); ++k)
			ranges[k] = running(channels[k], found[k]);
		break;
	case Normalize::Robust:
		for (std::size_t k = 0; k < channels.size(); ++k)
			ranges[k] = quantiles(maps.map(channels[k]), 0.01, 0.99);
		break;
	case Normalize::Signed:
		std::ranges::transform(ranges, ranges.begin(), symmetric);
		break;
	}
	return ranges;
}

void Mosaic::draw(const Level &level, const FeatureMaps &maps, const ViewSettings &settings,
                  const MosaicLayout &layout, Picture &picture)
{
	if (level.name != level_)
		*this = Mosaic();
	level_ = level.name;
	if (settings.normalize != Normalize::Running)
		running_.clear();

	const std::vector<int> channels = shownChannels(maps, settings, layout.grid.cells());
	std::vector<Range> found;
	found.reserve(channels.size());
	for (int channel : channels)
		found.push_back(minMax(maps.map(channel)));
	const std::vector<Range> ranges = colorRanges(maps, channels, found, settings);

	picture.reset(layout.size);
	for (int k = 0; k < static_cast<int>(channels.size()); ++k) {
		const RgbView tile = picture.view().part(layout.x(k), layout.y(k),
		                                         layout.tile.width, layout.tile.height);
		const TileStyle style = { ranges[k], static_cast<float>(settings.gamma),
			                  settings.colormap, settings.interpolation };
		drawTile(maps.map(channels[k]), style, tile);

		if (!settings.labels || layout.tile.width < minLabelledWidth)
			continue;
		auto lines = labelOf(level, channels[k], found[k].low == found[k].high);
		if (k == 0) {
			lines.push_back(std::to_string(maps.width) + "x" +
			                std::to_string(maps.height) + " /" +
			                std::to_string(level.stride));
			lines.push_back(rangeText(ranges[k]));
		}
		drawLabel(tile, lines);
	}
}

} /* namespace fm */
