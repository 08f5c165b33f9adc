/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <atomic>

#include <gst/gst.h>

/**
 * \brief How long a frame takes, as LATENCY is answered; grows with what is seen
 *
 * With live sources the sinks wait for the slowest path: they have to hear how slow this one is.
 */
class Latency
{
public:
	/** \brief For another stream; not beside note() */
	void reset();

	/**
	 * \brief Takes in the time that a frame's own \a work took
	 *
	 * The frame also waited for \a ahead frames that were in flight as it came. For the thread
	 * that finishes frames.
	 */
	void note(GstElement *element, GstClockTime work, unsigned ahead);

	/** \brief Adds itself to what upstream answered to \a query */
	void addTo(GstQuery *query);

private:
	std::atomic<GstClockTime> latency_ = 0;
	std::atomic<bool> isLive_ = false;
	GstClockTime previous_ = 0; /* Work of the frame before. */
};
