/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "padqueries.h"

#include <gst/video/video.h>

#include "negotiation.h"

namespace {

gboolean restrictToRate(const GValue *other, GValue *, gpointer data)
{
	auto **caps = static_cast<GstCaps **>(data);
	g_autoptr(GstCaps) before = *caps;
	g_autoptr(GstCaps) peer =
		gst_pad_peer_query_caps(GST_PAD(g_value_get_object(other)), nullptr);
	*caps = capsOfSameRate(before, peer);
	return TRUE;
}

/* Those of own that suit all neighbours on the other side of the element. */
GstCaps *capsOfAllRates(GstPad *pad, GstCaps *own)
{
	GstCaps *caps = gst_caps_ref(own);
	GstIterator *others = gst_pad_iterate_internal_links(pad);
	while (others &&
	       gst_iterator_fold(others, restrictToRate, nullptr, &caps) == GST_ITERATOR_RESYNC)
		gst_iterator_resync(others);
	g_clear_pointer(&others, gst_iterator_free);
	return caps;
}

} /* namespace */

void answerCapsQuery(GstPad *pad, GstQuery *query, bool mayUseCudaMemory)
{
	GstCaps *filter = nullptr;
	gst_query_parse_caps(query, &filter);

	g_autoptr(GstCaps) own = ownCaps(pad, mayUseCudaMemory);
	g_autoptr(GstCaps) caps = capsOfAllRates(pad, own);
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
                           const PinnedMemory &pinned, unsigned framesInFlight)
{
	gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr);

	GstCaps *caps = nullptr;
	gboolean needsPool = FALSE;
	gst_query_parse_allocation(query, &caps, &needsPool);
	/* GStreamer's allocator ends the process for formats that it does not know. */
	g_autoptr(GstCaps) own = ownCaps(pad, true);
	if (!needsPool || !caps || !gst_caps_is_subset(caps, own))
		return;
	if (isOfCudaMemory(caps))
		cuda.offerPool(query, caps, framesInFlight);
	else
		pinned.offer(query, caps, framesInFlight);
}
