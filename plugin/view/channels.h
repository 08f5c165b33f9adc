/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "maps.h"

namespace fm {

/** \brief Which channels of a level a view shows, as the user wrote it */
class ChannelSelection
{
public:
	/**
	 * \brief Indices and ranges ("3,17,200-203"), "top:N" or "all"
	 * \throws Error BadSetting, naming the accepted forms
	 */
	static ChannelSelection parse(std::string_view text);

	/** \brief "top:N": which channels they are depends on the maps */
	bool isRanked() const { return kind_ == Kind::Top; }

	/** \brief Number of channels shown of a level that has \a available */
	int count(int available) const;

	/** \brief The channels in the order of the tiles; not for a ranked selection */
	std::vector<int> indices(int available) const;

	/**
	 * \brief Refuses what goes beyond a level
	 * \throws Error BadSetting, naming the channels that \a level has
	 */
	void check(const std::string &level, int available) const;

private:
	enum class Kind { List, Top, All };

	Kind kind_ = Kind::All;
	std::vector<int> list_; /* Kind::List */
	int top_ = 0;           /* Kind::Top */
	std::string text_;
};

/**
 * \brief The N channels of highest mean absolute activation, steady from frame to frame
 *
 * The first frame gives the exact ranking. After that the activation is averaged over the frames
 * that are looked at, and a
 * channel keeps its tile until one that is not shown is clearly stronger, so that tiles do not
 * change places between channels of nearly the same activation.
 */
class ChannelRanking
{
public:
	/** \brief Takes in the maps of one frame of several, all of the level's */
	void update(const FeatureMaps &maps, int count);

	/** \brief The channels in the order of the tiles; none before the first frame */
	const std::vector<int> &shown() const { return shown_; }

private:
	std::vector<float> activation_; /* Mean |value| per channel, averaged over frames */
	std::vector<int> shown_;
};

} /* namespace fm */
