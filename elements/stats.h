/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <vector>

#include <gst/gst.h>

/** \brief What became of the frames of a stream, and how long they took */
struct FrameStats {
	guint64 in = 0, out = 0, dropped = 0;
	/** \brief Of the frames since those before were taken; 0 where there are none */
	GstClockTime meanTime = 0, p95Time = 0;
};

/** \brief Counts frames, and knows when to tell of them; from any thread */
class Stats
{
public:
	/** \brief For another stream; not beside the others */
	void reset();

	/** \brief Takes in the settings that are in effect: a message every \a interval ms, 0 for
	 * none */
	void setInterval(unsigned interval);

	void noteIn();
	void noteDropped();
	/** \brief A frame is about to be pushed, on which \a work was spent */
	void noteOut(GstClockTime work);

	/** \brief Whether a frame at \a now, in microseconds, is to be told of; so is the next then
	 *
	 * The first frame is; after it the intervals are kept on the average, as frames come.
	 */
	bool isDue(gint64 now);

	/** \brief The frames so far */
	FrameStats take();

private:
	static constexpr std::size_t mostTimes = 4096; /* The last ones count. */

	std::mutex mutex_;           /* Innermost; protects all below. */
	gint64 interval_ = 0;        /* Microseconds; 0: never due, and no times are kept. */
	std::optional<gint64> last_; /* When one was due. */
	FrameStats frames_;
	std::vector<GstClockTime> times_;
	std::size_t oldest_ = 0; /* Of the times, once there are as many as are kept. */
};
