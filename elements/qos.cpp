/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qos.h"

#include "debug.h"

void Qos::reset()
{
	std::lock_guard lock(mutex_);
	proportion_ = 1.0;
	earliest_ = GST_CLOCK_TIME_NONE;
	processed_ = 0;
	dropped_ = 0;
}

void Qos::update(GstEvent *event)
{
	gdouble proportion = 1.0;
	GstClockTimeDiff late = 0;
	GstClockTime timestamp = GST_CLOCK_TIME_NONE;
	gst_event_parse_qos(event, nullptr, &proportion, &late, &timestamp);

	std::lock_guard lock(mutex_);
	proportion_ = proportion;
	if (!GST_CLOCK_TIME_IS_VALID(timestamp))
		earliest_ = GST_CLOCK_TIME_NONE;
	else if (late < 0 && static_cast<GstClockTime>(-late) > timestamp)
		earliest_ = 0;
	else
		earliest_ = timestamp + late;
}

bool Qos::drops(GstObject *element, const GstSegment &segment, GstBuffer *buffer)
{
	if (segment.format != GST_FORMAT_TIME ||
	    !isLate(gst_segment_to_running_time(&segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer))))
		return false;
	GST_DEBUG_OBJECT(element, "late, dropped: %" GST_PTR_FORMAT, buffer);
	gst_element_post_message(GST_ELEMENT(element), message(element, segment, buffer));
	return true;
}

bool Qos::isLate(GstClockTime runningTime)
{
	std::lock_guard lock(mutex_);
	const bool late = GST_CLOCK_TIME_IS_VALID(earliest_) &&
	                  GST_CLOCK_TIME_IS_VALID(runningTime) && runningTime <= earliest_;
	++(late ? dropped_ : processed_);
	return late;
}

GstMessage *Qos::message(GstObject *source, const GstSegment &segment, GstBuffer *buffer) const
{
	const GstClockTime timestamp = GST_BUFFER_PTS(buffer);
	const GstClockTime runningTime =
		gst_segment_to_running_time(&segment, GST_FORMAT_TIME, timestamp);
	const GstClockTime streamTime =
		gst_segment_to_stream_time(&segment, GST_FORMAT_TIME, timestamp);

	std::lock_guard lock(mutex_);
	GstMessage *message = gst_message_new_qos(source, FALSE, runningTime, streamTime, timestamp,
	                                          GST_BUFFER_DURATION(buffer));
	gst_message_set_qos_values(message, GST_CLOCK_DIFF(runningTime, earliest_), proportion_,
	                           1000000);
	gst_message_set_qos_stats(message, GST_FORMAT_BUFFERS, processed_, dropped_);
	return message;
}
