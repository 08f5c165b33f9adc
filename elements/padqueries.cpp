/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "padqueries.h"

#include <gst/video/video.h>

#include "negotiation.h"

void answerCapsQuery(GstPad *pad, GstPad *other, GstQuery *query, bool mayUseCudaMemory)
{
	GstCaps *filter = nullptr;
	gst_query_parse_caps(query, &filter);

	g_autoptr(GstCaps) own = ownCaps(pad, mayUseCudaMemory);
	g_autoptr(GstCaps) peer = gst_pad_peer_query_caps(other, nullptr);
	g_autoptr(GstCaps) caps = capsOfSameRate(own, peer);
	g_autoptr(GstCaps) result =
		filter ? gst_caps_intersect_full(filter, caps, GST_CAPS_INTERSECT_FIRST)
		       : gst_caps_ref(caps);
	gst_query_set_caps_result(query, result);
}

void answerAcceptCapsQuery(GstPad *pad, GstQuery *query, bool mayUseCudaMemory)
{
	GstCaps *caps = nullptr;
	gst_query_parse_accept_caps(query, &caps);
	g_autoptr(GstCaps) own = ownCaps(pad, mayUseCudaMemory);
	gst_query_set_accept_caps_result(query, gst_caps_is_subset(caps, own));
}

void answerAllocationQuery(GstPad *pad, GstQuery *query, const CudaMemory &cuda,
                           unsigned framesInFlight)
{
	gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr);

	GstCaps *caps = nullptr;
	gboolean needsPool = FALSE;
	gst_query_parse_allocation(query, &caps, &needsPool);
	/* GStreamer's allocator ends the process for formats that it does not know. */
	g_autoptr(GstCaps) own = ownCaps(pad, true);
	if (needsPool && caps && isOfCudaMemory(caps) && gst_caps_is_subset(caps, own))
		cuda.offerPool(query, caps, framesInFlight);
}
