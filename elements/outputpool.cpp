/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "outputpool.h"

#include <algorithm>

#include <gst/video/video.h>

#include "debug.h"
#include "error.h"
#include "negotiation.h"

namespace {

struct Wishes {
	guint size, min, max;
	bool videoMeta;
	GstAllocator *allocator;
	GstAllocationParams params;
};

bool setUp(GstBufferPool *pool, GstCaps *caps, const Wishes &wishes)
{
	GstStructure *config = gst_buffer_pool_get_config(pool);
	gst_buffer_pool_config_set_params(config, caps, wishes.size, wishes.min, wishes.max);
	gst_buffer_pool_config_set_allocator(config, wishes.allocator, &wishes.params);
	if (wishes.videoMeta)
		gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_META);
	return gst_buffer_pool_set_config(pool, config) && gst_buffer_pool_set_active(pool, TRUE);
}

/* What GStreamer's own pools give out is whatever their allocator makes; others know why they are
 * there. */
bool isOfAnyMemory(GstBufferPool *pool)
{
	return pool && (G_OBJECT_TYPE(pool) == GST_TYPE_VIDEO_BUFFER_POOL ||
	                G_OBJECT_TYPE(pool) == GST_TYPE_BUFFER_POOL);
}

[[noreturn]] void throwNoBuffers(bool onDevice)
{
	if (onDevice)
		throw fm::Error(fm::Error::Kind::OutOfMemory,
		                "There is not enough memory on the GPU for the mosaic: make it "
		                "smaller, lower max-in-flight, or end other programs that use it");
	throw fm::Error(fm::Error::Kind::Internal, "No buffers can be had for the mosaic");
}

} /* namespace */

void OutputPool::configure(GstPad *pad, GstCaps *caps, std::size_t bytes, const CudaMemory &cuda,
                           GstAllocator *preferred)
{
	release();
	isOfDevice_ = isOfCudaMemory(caps);
	const bool isVideo = gst_structure_has_name(gst_caps_get_structure(caps, 0), "video/x-raw");

	g_autoptr(GstQuery) query = gst_query_new_allocation(caps, TRUE);
	gst_pad_peer_query(pad, query); /* Unanswered, it holds nothing: then the pool is ours. */

	g_autoptr(GstBufferPool) offered = nullptr;
	g_autoptr(GstAllocator) allocator = nullptr;
	Wishes wishes = { static_cast<guint>(bytes), 0, 0, false, nullptr, {} };
	gst_allocation_params_init(&wishes.params);
	wishes.videoMeta =
		isVideo && gst_query_find_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr);
	if (gst_query_get_n_allocation_params(query) > 0)
		gst_query_parse_nth_allocation_param(query, 0, &allocator, &wishes.params);
	wishes.allocator = allocator;

	if (gst_query_get_n_allocation_pools(query) > 0) {
		Wishes theirs = wishes;
		gst_query_parse_nth_allocation_pool(query, 0, &offered, &theirs.size, &theirs.min,
		                                    &theirs.max);
		theirs.size = std::max(theirs.size, wishes.size);
		if (!theirs.allocator && isOfAnyMemory(offered))
			theirs.allocator = preferred;
		const bool fits = offered && (!isOfDevice_ || cuda.isFrom(offered));
		if (offered && !fits)
			GST_WARNING_OBJECT(pad, "the peer's pool is of another CUDA context, and "
			                        "its frames may have to be copied");
		if (fits && setUp(offered, caps, theirs)) {
			pool_ = g_steal_pointer(&offered);
			return;
		}
	}

	pool_ = isOfDevice_ ? cuda.newPool()
	        : isVideo   ? gst_video_buffer_pool_new()
	                    : gst_buffer_pool_new();
	if (isOfDevice_)
		wishes.allocator = nullptr; /* It has its own. */
	else if (!wishes.allocator)
		wishes.allocator = preferred;
	if (!pool_ || !setUp(pool_, caps, wishes))
		throwNoBuffers(isOfDevice_);
}

void OutputPool::release()
{
	if (!pool_)
		return;
	gst_buffer_pool_set_active(pool_, FALSE);
	gst_clear_object(&pool_);
}

GstFlowReturn OutputPool::acquire(OwnedBuffer &buffer)
{
	GstBuffer *acquired = nullptr;
	const GstFlowReturn result = gst_buffer_pool_acquire_buffer(pool_, &acquired, nullptr);
	if (result == GST_FLOW_OK)
		buffer.reset(acquired);
	if (result == GST_FLOW_ERROR && isOfDevice_)
		throwNoBuffers(true);
	return result;
}
