/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backbone/channelset.h"
#include "backbone/level.h"
#include "boxes.h"
#include "layout.h"
#include "maps.h"
#include "ranking.h"
#include "settings.h"

namespace fm {

/** \brief Which channels of a level a view shows, as the user wrote it */
class ChannelSelection
{
public:
	/**
	 * \brief Indices and ranges ("3,17,200-203"), "top:N", "var:N", "change:N", "random:N:SEED"
	 * or "all"
	 * \throws Error BadSetting, naming the accepted forms
	 */
	static ChannelSelection parse(std::string_view text);

	/**
	 * \brief Those of \a settings or the view's default, and the page of them, for a frame with
	 * boxes or without \throws Error as parse()
	 */
	static ChannelSelection of(const ViewSettings &settings, bool hasBoxes = false);

	/** \brief "top:N", "var:N", "change:N": which channels they are depends on the maps */
	bool isRanked() const { return kind_ == Kind::Ranked; }
	/** \brief Of a ranked selection */
	RankedBy rankedBy() const { return rankedBy_; }

	/** \brief Whether they are ranked by what is inside the frame's boxes against outside */
	bool ranksInBoxes() const { return ranksInBoxes_; }
	/** \brief Whether they would be, but the frame has no boxes */
	bool lacksBoxes() const { return lacksBoxes_; }

	/** \brief Number of channels shown of a level that has \a available, on all pages */
	int count(int available) const;

	/** \brief The channels in the order of the tiles; not for a ranked selection */
	std::vector<int> indices(int available) const;

	/** \brief Some of the channels that are shown, from \a first on */
	struct Page {
		int first, count;
	};

	/**
	 * \brief The page among \a channels channels, where \a cells tiles are a page
	 *
	 * Beyond the last page it is the last.
	 */
	Page page(int channels, int cells) const;

	/**
	 * \brief Refuses what goes beyond a level
	 * \throws Error BadSetting, naming the channels that \a level has
	 */
	void check(const std::string &level, int available) const;

private:
	enum class Kind { List, Ranked, Random, All };

	Kind kind_ = Kind::All;
	std::vector<int> list_; /* Kind::List */
	int count_ = 0;         /* Kind::Ranked, Kind::Random */
	RankedBy rankedBy_ = RankedBy::Activation;
	uint32_t seed_ = 0; /* Kind::Random */
	unsigned page_ = 0;
	bool ranksInBoxes_ = false;
	bool lacksBoxes_ = false;
	std::string text_;
};

/** \brief The most channels that a view with \a settings shows of \a level in tiles of \a layout */
int channelsShown(const ViewSettings &settings, const MosaicLayout &layout, const Level &level);

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

	/**
	 * \brief Whether it is time to rank those of a ranked \a selection anew
	 *
	 * A ranking by change wants two frames for it, one after the other. One that was made in
	 * boxes outlasts frames that have none, as detectors miss some, but not many of them.
	 */
	bool isDue(const ChannelSelection &selection) const;

	/**
	 * \brief Ranks the channels of \a level by the measure of each, see ChannelRanking
	 *
	 * Measured in boxes or not, as \a selection has it, so many frames ago.
	 */
	void rank(const Level &level, const ChannelSelection &selection,
	          std::span<const float> measures, int framesAgo = 0);

	/**
	 * \brief Ranks by one frame's \a maps of \a level, where those are all and it is time to
	 *
	 * \a held are the channels that they are. \a before are all of the frame before, where they
	 * are known: a ranking by change waits for them. \a boxes are the frame's.
	 */
	void look(const Level &level, const ChannelSelection &selection, const FeatureMaps &maps,
	          const ChannelSet &held, const FeatureMaps *before = nullptr,
	          const Boxes &boxes = {});

	/** \brief The channels of one more frame, in the order of the tiles */
	std::vector<int> next(const Level &level, const ChannelSelection &selection, int cells);

	/** \brief They are to be ranked by this frame, one of those that next() was asked for */
	void rankingIsUnderWay() { sinceRanking_ = 1; }

private:
	Level level_; /* That the ranking belongs to. */
	ChannelRanking ranking_;
	bool isInBoxes_ = false; /* The ranking. */
	int sinceRanking_ = 0;   /* Frames. */
};

} /* namespace fm */
