/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "latency.h"

#include <utility>

void Latency::reset()
{
	latency_ = 0;
	previous_ = 0;
}

void Latency::note(GstElement *element, GstClockTime work, unsigned ahead)
{
	const GstClockTime elapsed = work + ahead * std::exchange(previous_, work);
	if (elapsed <= latency_)
		return;
	latency_ = elapsed + elapsed / 4;
	if (isLive_)
		gst_element_post_message(element, gst_message_new_latency(GST_OBJECT(element)));
}

void Latency::addTo(GstQuery *query)
{
	gboolean live = FALSE;
	GstClockTime min = 0;
	GstClockTime max = GST_CLOCK_TIME_NONE;
	gst_query_parse_latency(query, &live, &min, &max);
	const GstClockTime latency = latency_;
	if (GST_CLOCK_TIME_IS_VALID(max))
		max += latency;
	gst_query_set_latency(query, live, min + latency, max);
	isLive_ = live;
}
