/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channels.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>

#include "error.h"

namespace fm {

namespace {

constexpr int maxChannel = 65535;

/* Weight of a new frame in the average activation, and by how much a channel that is not shown
 * has to surpass one that is. */
constexpr float smoothing = 0.3f;
constexpr float lead = 1.2f;

/* A ranked selection has all channels computed, and ranks them anew, on each frame of so many. */
constexpr int rankingInterval = 10;

std::vector<int> firstOf(std::vector<int> channels, int cells)
{
	if (static_cast<int>(channels.size()) > cells)
		channels.resize(cells);
	return channels;
}

std::string_view trim(std::string_view text)
{
	const auto first = text.find_first_not_of(" \t");
	if (first == std::string_view::npos)
		return {};
	return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<int> number(std::string_view text)
{
	text = trim(text);
	int value = 0;
	const char *end = text.data() + text.size();
	const auto [stop, error] = std::from_chars(text.data(), end, value);
	if (error != std::errc() || stop != end || value < 0 || value > maxChannel)
		return std::nullopt;
	return value;
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
		                     "0-11 or 3,17,200-203, top:12, and all");
	};

	ChannelSelection selection;
	selection.text_ = text;
	std::string_view rest = trim(text);

	if (rest == "all")
		return selection;

	if (rest.starts_with("top:")) {
		const auto top = number(rest.substr(4));
		if (!top || *top == 0)
			throw refuse();
		selection.kind_ = Kind::Top;
		selection.top_ = *top;
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

int ChannelSelection::count(int available) const
{
	switch (kind_) {
	case Kind::List:
		return static_cast<int>(list_.size());
	case Kind::Top:
		return top_;
	case Kind::All:
		break;
	}
	return available;
}

std::vector<int> ChannelSelection::indices(int available) const
{
	if (kind_ == Kind::List)
		return list_;

	std::vector<int> all(available);
	std::iota(all.begin(), all.end(), 0);
	return all;
}

void ChannelSelection::check(const std::string &level, int available) const
{
	const bool fits = kind_ == Kind::List ? std::ranges::max(list_) < available
	                                      : kind_ == Kind::All || top_ <= available;
	if (!fits)
		throw Error(Error::Kind::BadSetting, "channels '" + text_ + "' go beyond level " +
		                                             level + ", which has " +
		                                             channelRange(available));
}

void ChannelRanking::update(std::span<const float> magnitudes, int count)
{
	const bool first = activation_.size() != magnitudes.size();
	if (first) {
		activation_.assign(magnitudes.size(), 0.0f);
		shown_.clear();
	}
	for (std::size_t channel = 0; channel < magnitudes.size(); ++channel)
		activation_[channel] +=
			(first ? 1.0f : smoothing) * (magnitudes[channel] - activation_[channel]);

	const auto stronger = [&](int a, int b) { return activation_[a] > activation_[b]; };
	std::vector<int> ranked(magnitudes.size());
	std::iota(ranked.begin(), ranked.end(), 0);
	std::ranges::stable_sort(ranked, stronger);
	ranked.resize(count);

	if (static_cast<int>(shown_.size()) != count) {
		shown_ = ranked;
		return;
	}
	for (int challenger : ranked) {
		if (std::ranges::find(shown_, challenger) != shown_.end())
			continue;
		const auto weakest = std::ranges::max_element(shown_, stronger);
		if (activation_[challenger] > lead * activation_[*weakest])
			*weakest = challenger;
	}
}

bool ShownChannels::lacksRanking(const Level &level, const ChannelSelection &selection) const
{
	return selection.isRanked() &&
	       (level_ != level ||
	        static_cast<int>(ranking_.shown().size()) != selection.count(level.channels));
}

bool ShownChannels::isDue(const ChannelSelection &selection) const
{
	return selection.isRanked() && sinceRanking_ >= rankingInterval;
}

ChannelSet ShownChannels::needed(const Level &level, const ChannelSelection &selection, int cells,
                                 bool mayRank) const
{
	if (!selection.isRanked())
		return ChannelSet(firstOf(selection.indices(level.channels), cells))
		        .of(level.channels);
	if ((mayRank && isDue(selection)) || lacksRanking(level, selection))
		return ChannelSet::all();
	return ChannelSet(firstOf(ranking_.shown(), cells)).of(level.channels);
}

void ShownChannels::rank(const Level &level, const ChannelSelection &selection,
                         std::span<const float> magnitudes)
{
	if (level_ != level)
		ranking_ = {};
	level_ = level;
	sinceRanking_ = 0;
	ranking_.update(magnitudes, selection.count(level.channels));
}

std::vector<int> ShownChannels::next(const Level &level, const ChannelSelection &selection,
                                     int cells)
{
	if (!selection.isRanked())
		return firstOf(selection.indices(level.channels), cells);
	++sinceRanking_;
	return firstOf(ranking_.shown(), cells);
}

} /* namespace fm */
