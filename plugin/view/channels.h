/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backbone/channelset.h"
#include "backbone/level.h"

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
	/** \brief Takes in mean |value| of each of a level's channels, of one frame of several */
	void update(std::span<const float> magnitudes, int count);

	/** \brief The channels in the order of the tiles; none before the first frame */
	const std::vector<int> &shown() const { return shown_; }

private:
	std::vector<float> activation_; /* Mean |value| per channel, averaged over frames */
	std::vector<int> shown_;
};

/** \brief The channels that a view shows of a level, from frame to frame */
class ShownChannels
{
public:
	/**
	 * \brief The channels that have to be computed of \a level to fill \a cells tiles
	 *
	 * With \a mayRank a ranked selection asks for all of them when it is time to.
	 */
	ChannelSet needed(const Level &level, const ChannelSelection &selection, int cells,
	                  bool mayRank) const;

	/** \brief Whether \a selection is ranked, and the channels of \a level never have been */
	bool lacksRanking(const Level &level, const ChannelSelection &selection) const;

	/** \brief Whether it is time to rank those of a ranked \a selection anew */
	bool isDue(const ChannelSelection &selection) const;

	/** \brief Ranks the channels of \a level by mean |value| of each */
	void rank(const Level &level, const ChannelSelection &selection,
	          std::span<const float> magnitudes);

	/** \brief The channels of one more frame, in the order of the tiles */
	std::vector<int> next(const Level &level, const ChannelSelection &selection, int cells);

	/** \brief They have been asked to be ranked: not on the next frame again */
	void rankingIsUnderWay() { sinceRanking_ = 0; }

private:
	Level level_; /* That the ranking belongs to. */
	ChannelRanking ranking_;
	int sinceRanking_ = 0; /* Frames. */
};

} /* namespace fm */
