/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channels.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>
#include <random>

#include "error.h"
#include "statistics.h"

namespace fm {

namespace {

constexpr int maxChannel = 65535;

/* A ranked selection has all channels computed, and ranks them anew, on each frame of so many. */
constexpr int rankingInterval = 10;

/* Frames without boxes after which a ranking that was made in boxes is given up. */
constexpr int boxesOutlast = 100;

int dueAfter(RankedBy by)
{
	return by == RankedBy::Change ? rankingInterval - 1 : rankingInterval;
}

constexpr struct {
	std::string_view prefix;
	RankedBy by;
} rankedForms[] = {
	{ "top:", RankedBy::Activation },
	{ "var:", RankedBy::Variance },
	{ "change:", RankedBy::Change },
};

constexpr std::string_view randomPrefix = "random:";

std::string_view trim(std::string_view text)
{
	const auto first = text.find_first_not_of(" \t");
	if (first == std::string_view::npos)
		return {};
	return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/* The whole of \a text. */
std::optional<uint32_t> wholeNumber(std::string_view text)
{
	text = trim(text);
	uint32_t value = 0;
	const char *end = text.data() + text.size();
	const auto [stop, error] = std::from_chars(text.data(), end, value);
	if (error != std::errc() || stop != end)
		return std::nullopt;
	return value;
}

std::optional<int> number(std::string_view text)
{
	const auto value = wholeNumber(text);
	if (!value || *value > maxChannel)
		return std::nullopt;
	return static_cast<int>(*value);
}

std::optional<int> positiveNumber(std::string_view text)
{
	const auto value = number(text);
	return value == 0 ? std::nullopt : value;
}

/* "7" or "200-203"; false where it is neither. */
bool appendRange(std::string_view item, std::vector<int> &list)
{
	const auto dash = item.find('-');
	const auto first = number(item.substr(0, dash));
	const auto last = dash == std::string_view::npos ? first : number(item.substr(dash + 1));
	if (!first || !last || *last < *first || list.size() > maxChannel)
		return false;

	for (int channel = *first; channel <= *last; ++channel)
		list.push_back(channel);
	return true;
}

/*
 * \a count different ones of 0..available-1. The generator is the standard's to the last bit, what
 * the standard library has on top of it is not: so the draw is our own.
 */
std::vector<int> draw(int count, int available, uint32_t seed)
{
	std::vector<int> channels(available);
	std::iota(channels.begin(), channels.end(), 0);
	std::mt19937 random(seed);
	for (int i = 0; i < count; ++i) {
		const auto left = static_cast<uint64_t>(available - i);
		const auto drawn = static_cast<int>(uint64_t{ random() } * left >> 32);
		std::swap(channels[i], channels[i + drawn]);
	}
	channels.resize(count);
	return channels;
}

std::vector<int> onPage(const std::vector<int> &channels, const ChannelSelection &selection,
                        int cells)
{
	const auto [first, count] = selection.page(static_cast<int>(channels.size()), cells);
	return { channels.begin() + first, channels.begin() + first + count };
}

std::string channelRange(int available)
{
	return std::to_string(available) + " channels (0-" + std::to_string(available - 1) + ")";
}

} /* namespace */

ChannelSelection ChannelSelection::parse(std::string_view text)
{
	const auto refuse = [&]() {
		return Error(Error::Kind::BadSetting,
		             "channels '" + std::string(text) +
		                     "' is not understood; accepted are indices and ranges such as "
		                     "0-11 or 3,17,200-203, top:12, var:12, change:12, "
		                     "random:12:SEED, and all");
	};

	ChannelSelection selection;
	selection.text_ = text;
	std::string_view rest = trim(text);

	if (rest == "all")
		return selection;

	const auto takeCount = [&](std::string_view number) {
		const auto count = positiveNumber(number);
		if (!count)
			throw refuse();
		selection.count_ = *count;
	};
	for (const auto &form : rankedForms)
		if (rest.starts_with(form.prefix)) {
			selection.kind_ = Kind::Ranked;
			selection.rankedBy_ = form.by;
			takeCount(rest.substr(form.prefix.size()));
			return selection;
		}
	if (rest.starts_with(randomPrefix)) {
		rest.remove_prefix(randomPrefix.size());
		const auto colon = rest.find(':');
		const auto seed = colon == std::string_view::npos
		                          ? std::nullopt
		                          : wholeNumber(rest.substr(colon + 1));
		if (!seed)
			throw refuse();
		selection.kind_ = Kind::Random;
		selection.seed_ = *seed;
		takeCount(rest.substr(0, colon));
		return selection;
	}

	selection.kind_ = Kind::List;
	while (true) {
		const auto comma = rest.find(',');
		if (!appendRange(rest.substr(0, comma), selection.list_))
			throw refuse();
		if (comma == std::string_view::npos)
			return selection;
		rest.remove_prefix(comma + 1);
	}
}

ChannelSelection ChannelSelection::of(const ViewSettings &settings, bool hasBoxes)
{
	const bool isOfAll = settings.view == View::Overlay || settings.view == View::Pca;
	ChannelSelection selection = parse(!settings.channels.empty() ? settings.channels
	                                   : isOfAll                  ? "all"
	                                                              : defaultChannels);
	selection.page_ = settings.page;
	selection.ranksInBoxes_ = settings.rankIn == RankIn::Roi && hasBoxes;
	selection.lacksBoxes_ = settings.rankIn == RankIn::Roi && !hasBoxes;
	return selection;
}

int ChannelSelection::count(int available) const
{
	switch (kind_) {
	case Kind::List:
		return static_cast<int>(list_.size());
	case Kind::Ranked:
	case Kind::Random:
		return count_;
	case Kind::All:
		break;
	}
	return available;
}

std::vector<int> ChannelSelection::indices(int available) const
{
	if (kind_ == Kind::List)
		return list_;
	if (kind_ == Kind::Random)
		return draw(count_, available, seed_);

	std::vector<int> all(available);
	std::iota(all.begin(), all.end(), 0);
	return all;
}

ChannelSelection::Page ChannelSelection::page(int channels, int cells) const
{
	const int last = std::max(0, channels - 1) / cells;
	const int first = std::min<int64_t>(page_, last) * cells;
	return { first, std::min(cells, channels - first) };
}

void ChannelSelection::check(const std::string &level, int available) const
{
	const bool fits = kind_ == Kind::List ? std::ranges::max(list_) < available
	                                      : count(available) <= available;
	if (!fits)
		throw Error(Error::Kind::BadSetting, "channels '" + text_ + "' go beyond level " +
		                                             level + ", which has " +
		                                             channelRange(available));
}

bool ShownChannels::lacksRanking(const Level &level, const ChannelSelection &selection) const
{
	if (!selection.isRanked())
		return false;
	const bool isElsewhere = selection.ranksInBoxes() != isInBoxes_ && !selection.lacksBoxes();
	return level_ != level || ranking_.shown().empty() ||
	       ranking_.by() != selection.rankedBy() || isElsewhere;
}

bool ShownChannels::isDue(const ChannelSelection &selection) const
{
	const bool outlasts = selection.lacksBoxes() && isInBoxes_;
	return selection.isRanked() &&
	       sinceRanking_ >= (outlasts ? boxesOutlast : dueAfter(selection.rankedBy()));
}

int channelsShown(const ViewSettings &settings, const MosaicLayout &layout, const Level &level)
{
	if (settings.view == View::Tensor)
		return ChannelSelection::of(settings).count(level.channels);
	const bool becomeOne = settings.view == View::Overlay || settings.view == View::Pca;
	return becomeOne ? level.channels : layout.grid.cells() / tilesOfChannel(settings);
}

ChannelSet ShownChannels::needed(const Level &level, const ChannelSelection &selection, int cells,
                                 bool mayRank) const
{
	if (!selection.isRanked())
		return ChannelSet(onPage(selection.indices(level.channels), selection, cells))
		        .of(level.channels);
	if ((mayRank && isDue(selection)) || lacksRanking(level, selection))
		return ChannelSet::all();
	const std::vector<int> shown = ranking_.shown(selection.count(level.channels));
	return ChannelSet(onPage(shown, selection, cells)).of(level.channels);
}

void ShownChannels::rank(const Level &level, const ChannelSelection &selection,
                         std::span<const float> measures, int framesAgo)
{
	if (lacksRanking(level, selection) || isInBoxes_ != selection.ranksInBoxes())
		ranking_ = ChannelRanking(selection.rankedBy());
	level_ = level;
	isInBoxes_ = selection.ranksInBoxes();
	ranking_.update(measures, selection.count(level.channels));
	sinceRanking_ = framesAgo;
	if (ranking_.isProvisional())
		sinceRanking_ += dueAfter(selection.rankedBy()) - 1;
}

void ShownChannels::look(const Level &level, const ChannelSelection &selection,
                         const FeatureMaps &maps, const ChannelSet &held, const FeatureMaps *before,
                         const Boxes &boxes)
{
	const bool isFirst = lacksRanking(level, selection);
	const bool isOfChange = selection.rankedBy() == RankedBy::Change && !isFirst;
	if (!held.isAll() || (!isFirst && (!isDue(selection) || (isOfChange && !before))))
		return;
	rank(level, selection,
	     meanMagnitudes(maps, isOfChange ? before : nullptr,
	                    selection.ranksInBoxes() ? boxes : Boxes{}));
}

std::vector<int> ShownChannels::next(const Level &level, const ChannelSelection &selection,
                                     int cells)
{
	if (!selection.isRanked())
		return onPage(selection.indices(level.channels), selection, cells);
	++sinceRanking_;
	return onPage(ranking_.show(selection.count(level.channels)), selection, cells);
}

} /* namespace fm */
