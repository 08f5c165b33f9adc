/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cudamemory.h"

#include <mutex>
#include <utility>

#define GST_USE_UNSTABLE_API
#include <gst/cuda/gstcudabufferpool.h>
#include <gst/cuda/gstcudacontext.h>
#include <gst/cuda/gstcudaloader.h>
#include <gst/cuda/gstcudamemory.h>
#include <gst/cuda/gstcudautils.h>

#include "debug.h"
#include "error.h"
#include "negotiation.h"

struct CudaMemory::Context {
	mutable std::mutex mutex; /* Innermost; protects cuda. */
	GstCudaContext *cuda = nullptr;

	~Context() { gst_clear_object(&cuda); }

	/* (transfer full), or null. */
	GstCudaContext *get() const
	{
		std::lock_guard lock(mutex);
		return cuda ? GST_CUDA_CONTEXT(gst_object_ref(cuda)) : nullptr;
	}
};

namespace {

bool isSame(GstCudaContext *a, GstCudaContext *b)
{
	return a == b ||
	       (a && b && gst_cuda_context_get_handle(a) == gst_cuda_context_get_handle(b));
}

} /* namespace */

CudaMemory::CudaMemory() : context_(std::make_unique<Context>()) {}

CudaMemory::~CudaMemory() = default;

void CudaMemory::adopt(std::optional<fm::CudaContext> context)
{
	const std::lock_guard lock(context_->mutex);
	/* Neighbours compare contexts by their objects: one that is known stays. */
	if (context && context_->cuda &&
	    gst_cuda_context_get_handle(context_->cuda) == context->handle)
		return;
	gst_clear_object(&context_->cuda);
	if (!context || !gst_cuda_load_library())
		return;
	gst_cuda_memory_init_once();
	context_->cuda = gst_cuda_context_new_wrapped(static_cast<CUcontext>(context->handle),
	                                              context->device);
}

bool CudaMemory::isUsable() const
{
	g_autoptr(GstObject) cuda = GST_OBJECT_CAST(context_->get());
	return cuda != nullptr;
}

void CudaMemory::announce(GstElement *element) const
{
	GstCudaContext *cuda = context_->get();
	if (!cuda)
		return;
	GstContext *context = gst_context_new_cuda_context(cuda);
	gst_object_unref(cuda);
	gst_element_set_context(element, context);
	gst_element_post_message(element,
	                         gst_message_new_have_context(GST_OBJECT(element), context));
}

bool CudaMemory::answer(GstElement *element, GstQuery *query, const std::string &device)
{
	const gchar *type = nullptr;
	if (!gst_query_parse_context_type(query, &type) ||
	    g_strcmp0(type, GST_CUDA_CONTEXT_TYPE) != 0)
		return false;
	try {
		if (!isUsable())
			adopt(fm::Visualizer::cudaContextOf(device));
	} catch (const fm::Error &error) {
		/* The model will say so, if it comes to that. */
		GST_INFO_OBJECT(element, "no CUDA context: %s", error.what());
	}
	GstCudaContext *cuda = context_->get();
	const bool answered = cuda && gst_cuda_handle_context_query(element, query, cuda);
	gst_clear_object(&cuda);
	return answered;
}

bool CudaMemory::holds(GstBuffer *buffer) const
{
	GstMemory *memory =
		gst_buffer_n_memory(buffer) == 1 ? gst_buffer_peek_memory(buffer, 0) : nullptr;
	if (!memory || !gst_is_cuda_memory(memory))
		return false;
	GstCudaContext *cuda = context_->get();
	const bool held = cuda && isSame(GST_CUDA_MEMORY_CAST(memory)->context, cuda);
	gst_clear_object(&cuda);
	return held;
}

bool CudaMemory::isFrom(GstBufferPool *pool) const
{
	if (!GST_IS_CUDA_BUFFER_POOL(pool))
		return false;
	GstCudaContext *cuda = context_->get();
	const bool same = cuda && isSame(GST_CUDA_BUFFER_POOL(pool)->context, cuda);
	gst_clear_object(&cuda);
	return same;
}

GstBufferPool *CudaMemory::newPool() const
{
	GstCudaContext *cuda = context_->get();
	GstBufferPool *pool = cuda ? gst_cuda_buffer_pool_new(cuda) : nullptr;
	gst_clear_object(&cuda);
	return pool;
}

void CudaMemory::offerPool(GstQuery *query) const
{
	GstCaps *caps = nullptr;
	GstVideoInfo info;
	gst_query_parse_allocation(query, &caps, nullptr);
	if (!caps || !isOfCudaMemory(caps) || !gst_video_info_from_caps(&info, caps))
		return;
	g_autoptr(GstBufferPool) pool = newPool();
	if (!pool)
		return;
	const auto size = static_cast<guint>(GST_VIDEO_INFO_SIZE(&info));
	GstStructure *config = gst_buffer_pool_get_config(pool);
	gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_META);
	gst_buffer_pool_config_set_params(config, caps, size, 0, 0);
	if (gst_buffer_pool_set_config(pool, config))
		gst_query_add_allocation_pool(query, pool, size, 0, 0);
}

GstMapFlags CudaMemory::mapFlag()
{
	return static_cast<GstMapFlags>(GST_MAP_CUDA);
}
