/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channelset.h"

#include <algorithm>
#include <iterator>

namespace fm {

ChannelSet::ChannelSet(std::vector<int> channels) : channels_(std::move(channels))
{
	std::ranges::sort(channels_);
	const auto repeated = std::ranges::unique(channels_);
	channels_.erase(repeated.begin(), repeated.end());
}

ChannelSet ChannelSet::all()
{
	ChannelSet set;
	set.all_ = true;
	return set;
}

int ChannelSet::count(int available) const
{
	return all_ ? available : static_cast<int>(channels_.size());
}

int ChannelSet::position(int channel) const
{
	if (all_)
		return channel;
	return static_cast<int>(std::ranges::lower_bound(channels_, channel) - channels_.begin());
}

bool ChannelSet::contains(const ChannelSet &other) const
{
	return all_ || (!other.all_ && std::ranges::includes(channels_, other.channels_));
}

ChannelSet &ChannelSet::operator|=(const ChannelSet &other)
{
	if (all_ || other.all_)
		return *this = all();
	std::vector<int> both;
	std::ranges::set_union(channels_, other.channels_, std::back_inserter(both));
	channels_ = std::move(both);
	return *this;
}

ChannelSet ChannelSet::of(int available) const
{
	return count(available) == available ? all() : *this;
}

ChannelSet ChannelSet::filledUp(int divisor, int available) const
{
	ChannelSet filled = *this;
	if (all_)
		return filled;
	const auto isWhole = [&] { return filled.channels_.size() % divisor == 0; };
	for (int channel = 0; channel < available && !isWhole(); ++channel)
		filled |= ChannelSet({ channel });
	return isWhole() ? filled.of(available) : all();
}

} /* namespace fm */
