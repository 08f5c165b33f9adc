/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <span>
#include <vector>

namespace fm {

/** \brief What the channels of a ranked selection are the highest by */
enum class RankedBy {
	Activation, /**< Mean |value| of a map, averaged over frames */
	Variance,   /**< Variance of that mean over the frames */
	Change      /**< Mean |value - value in the frame before|, averaged over frames */
};

/**
 * \brief The N channels of a level that rank highest, steady from frame to frame
 *
 * A channel keeps its tile until one that is not shown is clearly higher, so that tiles do not
 * change places between channels that are nearly the same.
 *
 * One frame alone has neither variance nor change: after the first the ranking is by its mean
 * |value|, and anew after the second.
 */
class ChannelRanking
{
public:
	explicit ChannelRanking(RankedBy by = RankedBy::Activation) : by_(by) {}

	RankedBy by() const { return by_; }

	/**
	 * \brief Takes in each channel's measure, of one frame of several, and picks \a count
	 *
	 * It is mean |value|, but for Change from the second frame on.
	 */
	void update(std::span<const float> measures, int count);

	/** \brief Whether the next frame should be taken in, as one was too few */
	bool isProvisional() const { return by_ != RankedBy::Activation && samples_ == 1; }

	/** \brief \a count channels in the order of the tiles; none before the first frame */
	std::vector<int> shown(int count) const;
	/** \brief Those last picked */
	const std::vector<int> &shown() const { return shown_; }
	/** \brief The same, which from now on keep their tiles */
	const std::vector<int> &show(int count) { return shown_ = shown(count); }

private:
	void takeIn(std::span<const float> measures);
	float score(int channel) const;
	std::vector<int> highest(int count) const;

	RankedBy by_;
	int samples_ = 0;                    /* Frames taken in. */
	std::vector<float> mean_, variance_; /* By channel, of the measures over the frames. */
	std::vector<int> shown_;
};

} /* namespace fm */
