/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pinnedmemory.h"

#include <cstring>
#include <utility>

#include <gst/video/video.h>

#include "debug.h"
#include "guard.h"

G_DECLARE_FINAL_TYPE(GstFeatureMosaicPinnedAllocator, gst_feature_mosaic_pinned_allocator, GST,
                     FEATURE_MOSAIC_PINNED_ALLOCATOR, GstAllocator)

struct _GstFeatureMosaicPinnedAllocator {
	GstAllocator parent;

	fm::HostMemory *allocate;
};

G_DEFINE_FINAL_TYPE(GstFeatureMosaicPinnedAllocator, gst_feature_mosaic_pinned_allocator,
                    GST_TYPE_ALLOCATOR)

namespace {

using Bytes = std::shared_ptr<void>;

/* On memory that is pinned. What is shared with it, a part of it, has it not. */
GQuark mark()
{
	static const GQuark quark = g_quark_from_static_string("featuremosaic-pinned");
	return quark;
}

GstMemory *wrap(Bytes bytes, gsize size, const GstAllocationParams &params)
{
	const gsize all = params.prefix + size + params.padding;
	const auto address = reinterpret_cast<guintptr>(bytes.get());
	auto *begin = reinterpret_cast<guint8 *>((address + params.align) & ~params.align);
	if (params.flags & GST_MEMORY_FLAG_ZERO_PREFIXED)
		std::memset(begin, 0, params.prefix);
	if (params.flags & GST_MEMORY_FLAG_ZERO_PADDED)
		std::memset(begin + params.prefix + size, 0, params.padding);
	GstMemory *memory = gst_memory_new_wrapped(
		params.flags, begin, all, params.prefix, size, new Bytes(std::move(bytes)),
		[](gpointer bytes) { delete static_cast<Bytes *>(bytes); });
	gst_mini_object_set_qdata(GST_MINI_OBJECT(memory), mark(), memory, nullptr);
	return memory;
}

} /* namespace */

static GstMemory *gst_feature_mosaic_pinned_allocator_alloc(GstAllocator *allocator, gsize size,
                                                            GstAllocationParams *params)
{
	const auto *self = GST_FEATURE_MOSAIC_PINNED_ALLOCATOR(allocator);
	const gsize bytes = params->prefix + size + params->padding + params->align;
	try {
		return wrap((*self->allocate)(bytes), size, *params);
	} catch (const std::exception &) {
		GST_WARNING_OBJECT(allocator, "no memory can be pinned, frames are copied: %s",
		                   currentError().what());
		return gst_allocator_alloc(nullptr, size, params);
	}
}

static void gst_feature_mosaic_pinned_allocator_finalize(GObject *object)
{
	delete GST_FEATURE_MOSAIC_PINNED_ALLOCATOR(object)->allocate;
	G_OBJECT_CLASS(gst_feature_mosaic_pinned_allocator_parent_class)->finalize(object);
}

static void gst_feature_mosaic_pinned_allocator_init(GstFeatureMosaicPinnedAllocator *) {}

static void
gst_feature_mosaic_pinned_allocator_class_init(GstFeatureMosaicPinnedAllocatorClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = gst_feature_mosaic_pinned_allocator_finalize;
	GST_ALLOCATOR_CLASS(klass)->alloc = gst_feature_mosaic_pinned_allocator_alloc;
}

void PinnedMemory::adopt(fm::HostMemory allocate)
{
	const std::lock_guard lock(mutex_);
	gst_clear_object(&allocator_);
	if (!allocate)
		return;
	auto *made = GST_FEATURE_MOSAIC_PINNED_ALLOCATOR(gst_object_ref_sink(
		g_object_new(gst_feature_mosaic_pinned_allocator_get_type(), nullptr)));
	made->allocate = new fm::HostMemory(std::move(allocate));
	allocator_ = GST_ALLOCATOR(made);
}

GstAllocator *PinnedMemory::allocator() const
{
	const std::lock_guard lock(mutex_);
	return allocator_ ? GST_ALLOCATOR(gst_object_ref(allocator_)) : nullptr;
}

void PinnedMemory::offer(GstQuery *query, GstCaps *caps, unsigned buffers) const
{
	GstVideoInfo info;
	g_autoptr(GstAllocator) pinned = allocator();
	if (!pinned || !gst_video_info_from_caps(&info, caps))
		return;
	GstAllocationParams params;
	gst_allocation_params_init(&params);
	gst_query_add_allocation_param(query, pinned, &params);

	const auto size = static_cast<guint>(GST_VIDEO_INFO_SIZE(&info));
	g_autoptr(GstBufferPool) pool = gst_video_buffer_pool_new();
	GstStructure *config = gst_buffer_pool_get_config(pool);
	gst_buffer_pool_config_set_params(config, caps, size, buffers, 0);
	gst_buffer_pool_config_set_allocator(config, pinned, &params);
	if (gst_buffer_pool_set_config(pool, config))
		gst_query_add_allocation_pool(query, pool, size, buffers, 0);
}

bool PinnedMemory::holds(GstBuffer *buffer)
{
	return gst_buffer_n_memory(buffer) == 1 &&
	       gst_mini_object_get_qdata(GST_MINI_OBJECT(gst_buffer_peek_memory(buffer, 0)),
	                                 mark()) != nullptr;
}
