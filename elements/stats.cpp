/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stats.h"

#include <algorithm>
#include <numeric>
#include <utility>

void Stats::reset()
{
	std::lock_guard lock(mutex_);
	last_.reset();
	frames_ = {};
	times_.clear();
}

void Stats::setInterval(unsigned interval)
{
	std::lock_guard lock(mutex_);
	interval_ = gint64{ interval } * 1000;
	if (interval_ != 0)
		return;
	last_.reset();
	times_.clear();
}

void Stats::noteIn()
{
	std::lock_guard lock(mutex_);
	++frames_.in;
}

void Stats::noteDropped()
{
	std::lock_guard lock(mutex_);
	++frames_.dropped;
}

void Stats::noteOut(GstClockTime work)
{
	std::lock_guard lock(mutex_);
	++frames_.out;
	if (interval_ == 0)
		return;
	if (times_.size() < mostTimes) {
		times_.push_back(work);
		oldest_ = 0;
		return;
	}
	times_[oldest_] = work;
	oldest_ = (oldest_ + 1) % mostTimes;
}

bool Stats::isDue(gint64 now)
{
	std::lock_guard lock(mutex_);
	if (interval_ == 0 || (last_ && now - *last_ < interval_))
		return false;
	last_ = last_ && now - *last_ < 2 * interval_ ? *last_ + interval_ : now;
	return true;
}

FrameStats Stats::take()
{
	std::unique_lock lock(mutex_);
	FrameStats frames = frames_;
	std::vector<GstClockTime> times = std::exchange(times_, {});
	lock.unlock();
	if (times.empty())
		return frames;

	frames.meanTime =
		std::accumulate(times.begin(), times.end(), GstClockTime{ 0 }) / times.size();
	/* The least that 95 of 100 frames do not exceed. */
	const auto rank = static_cast<std::ptrdiff_t>((times.size() * 95 + 99) / 100 - 1);
	std::nth_element(times.begin(), times.begin() + rank, times.end());
	frames.p95Time = times[rank];
	return frames;
}
