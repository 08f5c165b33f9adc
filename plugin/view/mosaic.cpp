/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mosaic.h"

#include <algorithm>
#include <cstdio>

#include "parallel.h"
#include "statistics.h"

namespace fm {

namespace {

/* Weight of a new frame in a running range. */
constexpr float smoothing = 0.1f;

/* A ranked selection has all channels computed, and ranks them anew, on each frame of so many. */
constexpr int rankingInterval = 10;

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

std::vector<int> firstOf(std::vector<int> channels, int cells)
{
	if (static_cast<int>(channels.size()) > cells)
		channels.resize(cells);
	return channels;
}

} /* namespace */

bool Mosaic::hasRanking(const Level &level, const ChannelSelection &selection) const
{
	return level_ == level &&
	       static_cast<int>(ranking_.shown().size()) == selection.count(level.channels);
}

ChannelSet Mosaic::neededChannels(const Level &level, const ViewSettings &settings, int cells,
                                  bool mayRank) const
{
	const ChannelSelection selection = ChannelSelection::parse(settings.channels);
	if (!selection.isRanked())
		return ChannelSet(firstOf(selection.indices(level.channels), cells))
		        .of(level.channels);
	const bool isDue = mayRank && sinceRanking_ >= rankingInterval;
	if (isDue || !hasRanking(level, selection))
		return ChannelSet::all();
	return ChannelSet(firstOf(ranking_.shown(), cells)).of(level.channels);
}

std::vector<int> Mosaic::chooseChannels(const FeatureMaps &maps, const ChannelSet &held,
                                        const ChannelSelection &selection, int cells)
{
	if (!selection.isRanked())
		return firstOf(selection.indices(level_.channels), cells);
	if (held.isAll()) {
		sinceRanking_ = 0;
		ranking_.update(maps, selection.count(level_.channels));
	}
	++sinceRanking_;
	return firstOf(ranking_.shown(), cells);
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

void Mosaic::setRanges(const FeatureMaps &maps, const ViewSettings &settings)
{
	const auto each = [&](auto &&rangeOf) {
		for (Shown &tile : shown_)
			tile.range = rangeOf(tile);
	};
	const auto low = [](const Shown &tile) { return tile.found.low; };
	const auto high = [](const Shown &tile) { return tile.found.high; };

	switch (settings.normalize) {
	case Normalize::Tile:
		return each([](const Shown &tile) { return tile.found; });
	case Normalize::Level: {
		const Range level = { std::ranges::min(shown_, {}, low).found.low,
			              std::ranges::max(shown_, {}, high).found.high };
		return each([&](const Shown &) { return level; });
	}
	case Normalize::Fixed: {
		const Range fixed = { static_cast<float>(settings.rangeMin),
			              static_cast<float>(settings.rangeMax) };
		return each([&](const Shown &) { return fixed; });
	}
	case Normalize::Running:
		return each([&](const Shown &tile) { return running(tile.channel, tile.found); });
	case Normalize::Robust:
		return parallelFor(static_cast<int>(shown_.size()), 1, [&](int begin, int end) {
			for (int k = begin; k < end; ++k)
				shown_[k].range = quantiles(maps.map(shown_[k].place), 0.01, 0.99);
		});
	case Normalize::Signed:
		return each([](const Shown &tile) { return symmetric(tile.found); });
	}
}

void Mosaic::update(const Level &level, const FeatureMaps &maps, const ChannelSet &held,
                    const ViewSettings &settings, int cells)
{
	if (level != level_)
		*this = Mosaic();
	level_ = level;
	if (settings.normalize != Normalize::Running)
		running_.clear();

	const std::vector<int> channels =
		chooseChannels(maps, held, ChannelSelection::parse(settings.channels), cells);
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
	const bool dead = shown.found.low == shown.found.high;
	std::vector<std::string> lines = { level_.name + " " + std::to_string(shown.channel) +
		                           (dead ? " dead" : "") };
	if (k == 0) {
		lines.push_back(std::to_string(maps.width) + "x" + std::to_string(maps.height) +
		                " /" + std::to_string(level_.stride));
		lines.push_back(rangeText(shown.range));
	}

	MadeLabel &made = labels_[k];
	if (!made.label || made.tile != tile || made.lines != lines)
		made = { tile, lines, std::make_shared<const Label>(tile, lines) };
	return made.label;
}

MosaicPicture Mosaic::picture(const FeatureMaps &maps, const ViewSettings &settings,
                              const MosaicLayout &layout)
{
	const bool labelled = settings.labels && layout.tile.width >= minLabelledWidth;
	MosaicPicture picture = { layout,
		                  { settings.colormap, static_cast<float>(settings.gamma),
		                    settings.interpolation },
		                  {} };
	const auto tiles = std::min<std::size_t>(shown_.size(), layout.grid.cells());
	labels_.resize(shown_.size());
	for (std::size_t k = 0; k < tiles; ++k)
		picture.tiles.push_back({ maps.map(shown_[k].place), shown_[k].range,
		                          labelled ? label(k, maps, layout.tile) : nullptr });
	return picture;
}

} /* namespace fm */
