/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cudamemory.h"

#include <map>
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
#include "padcaps.h"

/* Of GStreamer 1.24 and later, where mapping does not wait for the memory's stream. Weak, so that
 * what is built with 1.22 does so there as well. */
extern "C" __attribute__((weak, visibility("default"))) void
gst_cuda_memory_sync(GstCudaMemory *memory);

/* No GRAY8, for which GStreamer has no such memory. Drawn are first what encoders take best: some
 * take RGBA before, and make a stream of it that cannot be read. */
const char *const sinkCaps = FM_SINK_CAPS ";" GST_VIDEO_CAPS_MAKE_WITH_FEATURES(
	"memory:CUDAMemory", "{ NV12, I420, " FM_PACKED_FORMATS " }");
const char *const sourceCaps = FM_SOURCE_CAPS ";" GST_VIDEO_CAPS_MAKE_WITH_FEATURES(
	"memory:CUDAMemory", "{ NV12, I420, RGBA, BGRx, RGB }");

struct CudaMemory::Context {
	mutable std::mutex mutex; /* Protects all below. */
	GstCudaContext *cuda = nullptr;
	std::optional<std::string> device; /* Whose context that is, if it has one. */

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

/* Elements of GStreamer compare contexts by their objects: there is one for each of CUDA's, which
 * like those of devices lasts as long as the process. (transfer full), or null. */
GstCudaContext *objectFor(const fm::CudaContext &context)
{
	static std::mutex mutex; /* Innermost; protects the objects. */
	static std::map<void *, GstCudaContext *> objects;
	if (!gst_cuda_load_library())
		return nullptr;
	const std::lock_guard lock(mutex);
	GstCudaContext *&object = objects[context.handle];
	if (!object) {
		gst_cuda_memory_init_once();
		object = gst_cuda_context_new_wrapped(static_cast<CUcontext>(context.handle),
		                                      context.device);
		if (object)
			GST_OBJECT_FLAG_SET(object, GST_OBJECT_FLAG_MAY_BE_LEAKED);
	}
	return object ? GST_CUDA_CONTEXT(gst_object_ref(object)) : nullptr;
}

} /* namespace */

CudaMemory::CudaMemory() : context_(std::make_unique<Context>()) {}

CudaMemory::~CudaMemory() = default;

void CudaMemory::adopt(std::optional<fm::CudaContext> context, const std::string &device)
{
	const std::lock_guard lock(context_->mutex);
	gst_clear_object(&context_->cuda);
	context_->cuda = context ? objectFor(*context) : nullptr;
	context_->device = device;
	if (context && !context_->cuda)
		GST_WARNING("GStreamer cannot use the CUDA context of %s: all frames are copied "
		            "through system memory",
		            device.c_str());
}

void CudaMemory::expect(const std::string &device)
{
	if (isOf(device))
		return;
	std::optional<fm::CudaContext> context;
	try {
		context = fm::Visualizer::cudaContextOf(device);
	} catch (const fm::Error &error) {
		/* The model will say so, if it comes to that. */
		GST_INFO("no CUDA context: %s", error.what());
	}
	adopt(context, device);
}

bool CudaMemory::isOf(const std::string &device) const
{
	const std::lock_guard lock(context_->mutex);
	return context_->device == device;
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
	expect(device);
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

void CudaMemory::offerPool(GstQuery *query, GstCaps *caps, unsigned buffers) const
{
	GstVideoInfo info;
	g_autoptr(GstBufferPool) pool = newPool();
	if (!pool || !gst_video_info_from_caps(&info, caps))
		return;
	auto size = static_cast<guint>(GST_VIDEO_INFO_SIZE(&info));
	GstStructure *config = gst_buffer_pool_get_config(pool);
	gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_META);
	gst_buffer_pool_config_set_params(config, caps, size, buffers, 0);
	if (!gst_buffer_pool_set_config(pool, config))
		return;
	/* Rows are longer there: the pool knows how long. */
	config = gst_buffer_pool_get_config(pool);
	gst_buffer_pool_config_get_params(config, nullptr, &size, nullptr, nullptr);
	gst_structure_free(config);
	gst_query_add_allocation_pool(query, pool, size, buffers, 0);
}

GstMapFlags CudaMemory::mapFlag()
{
	return static_cast<GstMapFlags>(GST_MAP_CUDA);
}

void CudaMemory::waitFor(GstBuffer *buffer)
{
	if (gst_cuda_memory_sync)
		gst_cuda_memory_sync(GST_CUDA_MEMORY_CAST(gst_buffer_peek_memory(buffer, 0)));
}
