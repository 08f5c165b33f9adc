/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mosaic.h"

#include <algorithm>

#include "parallel.h"
#include "ranges.h"
#include "statistics.h"

namespace fm {

std::vector<std::string> labelLines(const DrawnLevel &level, int channel, bool isDead, bool isFirst,
                                    Size maps)
{
	std::string name = level.name;
	if (level.parts.empty()) {
		name += level.channels == 1 ? "" : " " + std::to_string(channel);
	} else {
		const int count = static_cast<int>(level.parts.size());
		name += " " + std::to_string(channel / count) + " " + level.parts[channel % count];
	}
	std::vector<std::string> lines = { name + (isDead ? " dead" : "") };
	if (isFirst)
		lines.push_back(sizeText(level, maps));
	return lines;
}

/* Once a frame for each channel, however many tiles it has. */
void Mosaic::setRunningRanges()
{
	std::map<int, Range> now;
	for (Shown &tile : shown_) {
		const auto [entry, isNew] = now.try_emplace(tile.channel);
		if (isNew) {
			const auto [average, isUnknown] =
				running_.try_emplace(tile.channel, tile.found);
			if (!isUnknown)
				average->second = smoothed(average->second, tile.found);
			entry->second = average->second;
		}
		tile.range = entry->second;
	}
}

Range Mosaic::foundRange() const
{
	Range all = shown_.empty() ? Range{} : shown_[0].found;
	for (const Shown &tile : shown_)
		all = joined(all, tile.found);
	return all;
}

void Mosaic::setRanges(const FeatureMaps &maps, const ViewSettings &settings)
{
	const auto each = [&](auto &&rangeOf) {
		for (Shown &tile : shown_)
			tile.range = rangeOf(tile);
	};
	switch (settings.normalize) {
	case Normalize::Tile:
		return each([](const Shown &tile) { return tile.found; });
	case Normalize::Level: {
		const Range level = foundRange();
		return each([&](const Shown &) { return level; });
	}
	case Normalize::Fixed: {
		const Range fixed = { static_cast<float>(settings.rangeMin),
			              static_cast<float>(settings.rangeMax) };
		return each([&](const Shown &) { return fixed; });
	}
	case Normalize::Running:
		return setRunningRanges();
	case Normalize::Robust:
		return parallelFor(static_cast<int>(shown_.size()), 1, [&](int begin, int end) {
			for (int k = begin; k < end; ++k)
				shown_[k].range =
					quantiles(maps.map(shown_[k].place), robustLow, robustHigh);
		});
	case Normalize::Signed:
		return each([](const Shown &tile) { return symmetric(tile.found); });
	}
}

void Mosaic::update(const DrawnLevel &level, const FeatureMaps &maps, const ChannelSet &held,
                    const std::vector<int> &channels, const ViewSettings &settings)
{
	if (level != level_)
		*this = Mosaic();
	level_ = level;
	if (settings.normalize != Normalize::Running)
		running_.clear();

	std::vector<int> places;
	places.reserve(channels.size());
	for (const int channel : channels)
		places.push_back(held.position(channel));
	const std::vector<Range> found = minMax(maps, places);

	shown_.clear();
	for (std::size_t k = 0; k < channels.size(); ++k)
		shown_.push_back({ channels[k], places[k], found[k], {} });
	setRanges(maps, settings);
}

std::shared_ptr<const Label> Mosaic::label(std::size_t k, const FeatureMaps &maps, Size tile)
{
	const Shown &shown = shown_[k];
	const bool isDead = shown.found.low == shown.found.high;
	const std::vector<std::string> lines =
		labelLines(level_, shown.channel, isDead, k == 0, { maps.width, maps.height });

	MadeLabel &made = labels_[k];
	if (!made.label || made.tile != tile || made.lines != lines)
		made = { tile, lines, std::make_shared<const Label>(tile, lines) };
	return made.label;
}

/* Below the first tile's label, where that is made. */
std::shared_ptr<const RangeLine> Mosaic::rangeLine(Size tile, const ColorBar &bar,
                                                   std::optional<int> top)
{
	const RangePlace place = { tile, bar, top };
	if (!rangeLine_ || rangePlace_ != place)
		rangeLine_ = std::make_shared<const RangeLine>(tile, bar, top);
	rangePlace_ = place;
	return rangeLine_;
}

MosaicPicture Mosaic::picture(const FeatureMaps &maps, const ViewSettings &settings,
                              const MosaicLayout &layout, const Frame &video, const Boxes &boxes,
                              const Caption &caption)
{
	const bool labelled = settings.labels && layout.tile.width >= minLabelledWidth;
	MosaicPicture picture = { layout,
		                  { settings.colormap, static_cast<float>(settings.gamma),
		                    interpolationOf(settings, settings.view) },
		                  {},
		                  nullptr,
		                  settings.view,
		                  backdropOf(settings, video),
		                  settings.drawRoi ? boxes : Boxes{},
		                  caption };
	/* Components lie on one tile. */
	const std::size_t tiles =
		settings.view == View::Pca
			? shown_.size()
			: std::min<std::size_t>(shown_.size(), layout.grid.cells());
	labels_.resize(shown_.size());
	for (std::size_t k = 0; k < tiles; ++k)
		picture.tiles.push_back({ maps.map(shown_[k].place), shown_[k].range,
		                          labelled ? label(k, maps, layout.tile) : nullptr });
	picture.bar = ColorBar::of(settings, layout.tile, static_cast<int>(tiles));
	/* Three components have no one range. */
	std::optional<int> top;
	if (labelled && tiles > 0 && settings.view != View::Pca)
		top = labels_[0].label->bottom();
	picture.rangeLine = rangeLine(layout.tile, picture.bar, top);
	picture.headerRange = foundRange();
	return picture;
}

} /* namespace fm */
