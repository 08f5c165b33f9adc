/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vector>

namespace fm {

/** \brief Which channels of a level, or of any value in a network, are meant: none, some or all */
class ChannelSet
{
public:
	/** \brief None */
	ChannelSet() = default;
	/** \brief Those of \a channels, in any order, repeated or not */
	explicit ChannelSet(std::vector<int> channels);
	static ChannelSet all();

	bool empty() const { return !all_ && channels_.empty(); }
	bool isAll() const { return all_; }
	/** \brief Number of channels, of \a available */
	int count(int available) const;
	/** \brief Ascending; empty where all are meant */
	const std::vector<int> &list() const { return channels_; }
	/** \brief Place of \a channel among those of the set, which holds it */
	int position(int channel) const;

	bool contains(const ChannelSet &other) const;
	ChannelSet &operator|=(const ChannelSet &other);
	/** \brief The same set; all where it lists each of \a available */
	ChannelSet of(int available) const;
	/** \brief With the lowest others of \a available, so that their number is a multiple of
	 * \a divisor; all where there are not as many
	 */
	ChannelSet filledUp(int divisor, int available) const;

	auto operator<=>(const ChannelSet &) const = default;

private:
	bool all_ = false;
	std::vector<int> channels_; /* Ascending, distinct. */
};

} /* namespace fm */
