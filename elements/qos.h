/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <mutex>

#include <gst/gst.h>

/** \brief What sinks report of late frames, as GstBaseTransform keeps it; from any thread */
class Qos
{
public:
	void reset();

	/** \brief Takes in a QOS event from downstream */
	void update(GstEvent *event);

	/** \brief Whether \a buffer would come too late; counts it, and tells of it on the bus */
	bool drops(GstObject *element, const GstSegment &segment, GstBuffer *buffer);

private:
	bool isLate(GstClockTime runningTime);
	GstMessage *message(GstObject *source, const GstSegment &segment, GstBuffer *buffer) const;

	mutable std::mutex mutex_; /* Innermost; protects all below. */
	gdouble proportion_ = 1.0;
	GstClockTime earliest_ = GST_CLOCK_TIME_NONE; /* Running time. */
	guint64 processed_ = 0;
	guint64 dropped_ = 0;
};
