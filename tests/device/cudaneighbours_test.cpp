/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The element between pads of the test's own that have CUDA memory, with a driver that has none. */
#include "../element/fixture.h"

#include <atomic>

#include <dlfcn.h>

#define GST_USE_UNSTABLE_API
#include <gst/cuda/gstcudabufferpool.h>
#include <gst/cuda/gstcudacontext.h>
#include <gst/cuda/gstcudaloader.h>
#include <gst/cuda/gstcudamemory.h>
#include <gst/cuda/gstcudautils.h>

namespace {

std::atomic<int> syncs{ 0 }; /* Of memory that was mapped. */

} /* namespace */

/* In the place of that which GStreamer has from 1.24 on. */
extern "C" __attribute__((visibility("default"))) void gst_cuda_memory_sync(GstCudaMemory *memory)
{
	if ((GST_MINI_OBJECT_CAST(memory)->lockstate & GST_LOCK_FLAG_READWRITE) != 0)
		++syncs;
	if (void *original = dlsym(RTLD_NEXT, "gst_cuda_memory_sync"))
		reinterpret_cast<void (*)(GstCudaMemory *)>(original)(memory);
}

namespace {

constexpr int height = 64;

std::string cudaCaps(int width = 96, const char *format = "NV12")
{
	return std::string("video/x-raw(memory:CUDAMemory),format=") + format +
	       ",width=" + std::to_string(width) + ",height=" + std::to_string(height) +
	       ",framerate=25/1";
}

struct Unref {
	void operator()(gpointer object) const { gst_object_unref(object); }
};
using Context = std::unique_ptr<GstCudaContext, Unref>;
using Pool = std::unique_ptr<GstBufferPool, Unref>;

/* What a neighbour of the pad is told; null for nothing. */
Context contextOf(GstElement *element, const char *pad)
{
	const Owned<GstPad> asked(gst_element_get_static_pad(element, pad));
	const Owned<GstQuery> query(gst_query_new_context(GST_CUDA_CONTEXT_TYPE));
	if (!gst_pad_query(asked.get(), query.get()))
		return nullptr;
	GstContext *context = nullptr;
	GstCudaContext *cuda = nullptr;
	gst_query_parse_context(query.get(), &context);
	gst_structure_get(gst_context_get_structure(context), GST_CUDA_CONTEXT_TYPE,
	                  GST_TYPE_CUDA_CONTEXT, &cuda, nullptr);
	return Context(cuda);
}

guint deviceOf(const Context &context)
{
	guint device = 0;
	g_object_get(context.get(), "cuda-device-id", &device, nullptr);
	return device;
}

Pool poolOf(const Context &context, const std::string &caps)
{
	const Owned<GstCaps> parsed(gst_caps_from_string(caps.c_str()));
	const GstVideoInfo info = videoInfo(caps);
	Pool pool(gst_cuda_buffer_pool_new(context.get()));
	GstStructure *config = gst_buffer_pool_get_config(pool.get());
	gst_buffer_pool_config_set_params(config, parsed.get(), GST_VIDEO_INFO_SIZE(&info), 0, 0);
	gst_buffer_pool_set_config(pool.get(), config);
	return pool;
}

/* A frame of noise in memory of \a pool. */
Owned<GstBuffer> frameFrom(const Pool &pool, const GstVideoInfo &info, unsigned number)
{
	const Owned<GstBuffer> pixels = noise(info, number);
	GstBuffer *buffer = nullptr;
	gst_buffer_pool_set_active(pool.get(), TRUE);
	EXPECT_EQ(gst_buffer_pool_acquire_buffer(pool.get(), &buffer, nullptr), GST_FLOW_OK);
	GstVideoFrame from;
	GstVideoFrame to;
	gst_video_frame_map(&from, &info, pixels.get(), GST_MAP_READ);
	gst_video_frame_map(&to, &info, buffer, GST_MAP_WRITE);
	gst_video_frame_copy(&to, &from);
	gst_video_frame_unmap(&to);
	gst_video_frame_unmap(&from);
	GST_BUFFER_PTS(buffer) = number * 40 * GST_MSECOND;
	GST_BUFFER_DURATION(buffer) = 40 * GST_MSECOND;
	return Owned<GstBuffer>(buffer);
}

/* The picture of frame \a number in system memory. */
Bytes expected(int width, unsigned number)
{
	Mosaic mosaic;
	mosaic.setInput(width, height, "NV12");
	return mosaic.picture(number);
}

/* Counts the element's warnings of CUDA in the log. */
class Warnings
{
public:
	Warnings()
	{
		gst_debug_set_threshold_for_name("featuremosaic", GST_LEVEL_WARNING);
		gst_debug_add_log_function(count, this, nullptr);
	}
	~Warnings()
	{
		gst_debug_remove_log_function_by_data(this);
		gst_debug_unset_threshold_for_name("featuremosaic");
	}
	int take() { return count_.exchange(0); }

private:
	static void count(GstDebugCategory *category, GstDebugLevel level, const gchar *,
	                  const gchar *, gint, GObject *, GstDebugMessage *message, gpointer self)
	{
		if (level == GST_LEVEL_WARNING &&
		    g_str_equal(gst_debug_category_get_name(category), "featuremosaic") &&
		    std::strstr(gst_debug_message_get(message), "CUDA"))
			++static_cast<Warnings *>(self)->count_;
	}

	std::atomic<int> count_{ 0 };
};

/* Lets the device's memory run out after \a count allocations; below 0, never. */
void setAllocationsLeft(long count)
{
	void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
	reinterpret_cast<void (*)(long)>(dlsym(driver, "fm_fake_allocations_left"))(count);
	dlclose(driver);
}

/* An ALLOCATION query for \a caps, asked of the sink pad. */
Owned<GstQuery> allocation(const Mosaic &mosaic, const std::string &caps, bool needsPool)
{
	const Owned<GstCaps> parsed(gst_caps_from_string(caps.c_str()));
	Owned<GstQuery> query(gst_query_new_allocation(parsed.get(), needsPool));
	EXPECT_TRUE(gst_pad_peer_query(mosaic.harness()->srcpad, query.get()));
	return query;
}

bool accepts(const Mosaic &mosaic, const std::string &caps)
{
	const Owned<GstCaps> parsed(gst_caps_from_string(caps.c_str()));
	return gst_pad_peer_query_accept_caps(mosaic.harness()->srcpad, parsed.get());
}

/* Answers ALLOCATION queries with the pool at \a data. */
GstPadProbeReturn offer(GstPad *, GstPadProbeInfo *info, gpointer data)
{
	GstQuery *query = GST_PAD_PROBE_INFO_QUERY(info);
	if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION)
		return GST_PAD_PROBE_OK;
	gst_query_add_allocation_pool(query, static_cast<GstBufferPool *>(data), 0, 0, 0);
	return GST_PAD_PROBE_HANDLED;
}

class CudaNeighbours : public testing::Test
{
protected:
	static void SetUpTestSuite() { gst_init(nullptr, nullptr); }

	void SetUp() override
	{
		void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
		if (!driver || !dlsym(driver, "fm_fake_allocations_left"))
			GTEST_SKIP() << "a real driver is in use";
		dlclose(driver);
		ASSERT_TRUE(gst_cuda_load_library());
		gst_cuda_memory_init_once();
	}
	void TearDown() override { setAllocationsLeft(-1); }
};

} /* namespace */

TEST_F(CudaNeighbours, AreTheSameContextObjectFromAllElements)
{
	Mosaic first;
	Mosaic second;
	const Context context = contextOf(first.element(), "sink");
	ASSERT_TRUE(context);
	EXPECT_EQ(context, contextOf(first.element(), "src"));
	EXPECT_EQ(context, contextOf(second.element(), "sink"));
}

TEST_F(CudaNeighbours, AreGivenTheContextOfTheDeviceThatIsChosen)
{
	const Owned<GstElement> element(GST_ELEMENT(
		gst_object_ref_sink(gst_element_factory_make("featuremosaic", nullptr))));
	for (const guint device : { 1, 0, 1 }) {
		g_object_set(element.get(), "device", ("cuda:" + std::to_string(device)).c_str(),
		             nullptr);
		const Context context = contextOf(element.get(), "sink");
		ASSERT_TRUE(context);
		EXPECT_EQ(deviceOf(context), device);
	}
	g_object_set(element.get(), "device", "cpu", nullptr);
	EXPECT_FALSE(contextOf(element.get(), "sink"));
}

TEST_F(CudaNeighbours, AreOfferedNothingBeforeThereIsAModel)
{
	const Owned<GstElement> element(GST_ELEMENT(
		gst_object_ref_sink(gst_element_factory_make("featuremosaic", nullptr))));
	const Owned<GstPad> pad(gst_element_get_static_pad(element.get(), "sink"));
	const Owned<GstCaps> caps(gst_caps_from_string(cudaCaps().c_str()));
	const Owned<GstQuery> query(gst_query_new_allocation(caps.get(), TRUE));
	for (const GstState state : { GST_STATE_NULL, GST_STATE_READY }) {
		gst_element_set_state(element.get(), state);
		EXPECT_FALSE(gst_pad_query(pad.get(), query.get()));
	}
}

TEST_F(CudaNeighbours, HearOfTheContextInStateReady)
{
	const Owned<GstBus> bus(gst_bus_new());
	const Owned<GstElement> element(GST_ELEMENT(
		gst_object_ref_sink(gst_element_factory_make("featuremosaic", nullptr))));
	gst_element_set_bus(element.get(), bus.get());
	gst_element_set_state(element.get(), GST_STATE_READY);
	const Owned<GstMessage> message(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_HAVE_CONTEXT));
	EXPECT_TRUE(message);
	gst_element_set_bus(element.get(), nullptr);
}

TEST_F(CudaNeighbours, FramesInFlightSurviveFlushesAndNewCaps)
{
	Mosaic mosaic("max-in-flight=3");
	const Context context = contextOf(mosaic.element(), "sink");
	for (const int width : { 96, 160, 96 })
		for (const bool flush : { false, true }) {
			mosaic.setInput(cudaCaps(width));
			const Pool pool = poolOf(context, cudaCaps(width));
			for (unsigned i = 0; i < 5; ++i)
				EXPECT_EQ(mosaic.push(frameFrom(pool, mosaic.input(), i)),
				          GST_FLOW_OK);
			if (flush) {
				gst_harness_push_event(mosaic.harness(),
				                       gst_event_new_flush_start());
				gst_harness_push_event(mosaic.harness(),
				                       gst_event_new_flush_stop(TRUE));
				GstSegment segment;
				gst_segment_init(&segment, GST_FORMAT_TIME);
				gst_harness_push_event(mosaic.harness(),
				                       gst_event_new_segment(&segment));
			}
			EXPECT_EQ(mosaic.push(frameFrom(pool, mosaic.input(), 7)), GST_FLOW_OK);
			gst_harness_push_event(mosaic.harness(), gst_event_new_gap(0, 1));
			Owned<GstBuffer> last;
			while (Owned<GstBuffer> picture = mosaic.pull())
				last = std::move(picture);
			ASSERT_TRUE(last);
			EXPECT_EQ(bytesOf(last.get()), expected(width, 7)) << width << flush;
			gst_buffer_pool_set_active(pool.get(), FALSE);
		}
	EXPECT_TRUE(mosaic.reports(GST_MESSAGE_ERROR).empty());
}

TEST_F(CudaNeighbours, MayHaveFramesInAnotherContextWhichIsToldOnceForTheCaps)
{
	Warnings warnings;
	Mosaic mosaic("device=cuda:0");
	const Context foreign(gst_cuda_context_new(1));
	for (const int width : { 96, 160 }) {
		mosaic.setInput(cudaCaps(width));
		const Pool pool = poolOf(foreign, cudaCaps(width));
		for (unsigned i = 0; i < 3; ++i) {
			EXPECT_EQ(mosaic.push(frameFrom(pool, mosaic.input(), i)), GST_FLOW_OK);
			const Owned<GstBuffer> picture = mosaic.pull();
			ASSERT_TRUE(picture);
			EXPECT_EQ(bytesOf(picture.get()), expected(width, i));
		}
		EXPECT_EQ(warnings.take(), 1);
		gst_buffer_pool_set_active(pool.get(), FALSE);
	}
}

TEST_F(CudaNeighbours, OfTheSameContextGiveNoReasonToWarn)
{
	Warnings warnings;
	Mosaic mosaic("", "video/x-raw(memory:CUDAMemory)");
	mosaic.setInput(cudaCaps());
	const Pool pool = poolOf(contextOf(mosaic.element(), "sink"), cudaCaps());
	EXPECT_EQ(mosaic.push(frameFrom(pool, mosaic.input(), 1)), GST_FLOW_OK);
	EXPECT_TRUE(mosaic.pull());
	EXPECT_EQ(warnings.take(), 0);
}

TEST_F(CudaNeighbours, MayOfferAPoolOfAnotherContextWhichIsNotTaken)
{
	Warnings warnings;
	const Context foreign(gst_cuda_context_new(1));
	const Pool pool(gst_cuda_buffer_pool_new(foreign.get()));
	Mosaic mosaic("device=cuda:0", "video/x-raw(memory:CUDAMemory),format=RGB");
	gst_pad_add_probe(mosaic.harness()->sinkpad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, offer,
	                  pool.get(), nullptr);
	mosaic.setInput(96, height, "NV12");
	const Owned<GstBuffer> picture = mosaic.process(1);
	ASSERT_TRUE(picture);
	const auto *memory = GST_CUDA_MEMORY_CAST(gst_buffer_peek_memory(picture.get(), 0));
	EXPECT_EQ(memory->context, contextOf(mosaic.element(), "src").get());
	EXPECT_EQ(warnings.take(), 1);
}

TEST_F(CudaNeighbours, PoolInTheSameContextIsTaken)
{
	Warnings warnings;
	Mosaic mosaic("", "video/x-raw(memory:CUDAMemory),format=RGB");
	const Pool pool(gst_cuda_buffer_pool_new(contextOf(mosaic.element(), "src").get()));
	gst_pad_add_probe(mosaic.harness()->sinkpad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, offer,
	                  pool.get(), nullptr);
	mosaic.setInput(96, height, "NV12");
	const Owned<GstBuffer> picture = mosaic.process(1);
	ASSERT_TRUE(picture);
	EXPECT_EQ(picture->pool, pool.get());
	EXPECT_EQ(warnings.take(), 0);
}

/* GStreamer 1.22's encoder names RGBA first, and makes of it what cannot be decoded. */
TEST_F(CudaNeighbours, AreGivenNv12WhereTheyTakeIt)
{
	for (const char *formats : { "{RGBA,BGRx,RGB,I420,NV12}", "{NV12,YV12,BGRA,RGBA,Y444}" }) {
		Mosaic mosaic(
			"",
			(std::string("video/x-raw(memory:CUDAMemory),format=") + formats).c_str());
		mosaic.setInput(96, height);
		ASSERT_TRUE(mosaic.process(1));
		const GstVideoInfo out = mosaic.output();
		EXPECT_EQ(GST_VIDEO_INFO_FORMAT(&out), GST_VIDEO_FORMAT_NV12) << formats;
	}
}

TEST_F(CudaNeighbours, AreWaitedForOnceTheirMemoryIsMapped)
{
	Mosaic mosaic("", "video/x-raw(memory:CUDAMemory)");
	mosaic.setInput(cudaCaps());
	const Pool pool = poolOf(contextOf(mosaic.element(), "sink"), cudaCaps());
	for (unsigned i = 0; i < 2; ++i) {
		syncs = 0;
		EXPECT_EQ(mosaic.push(frameFrom(pool, mosaic.input(), i)), GST_FLOW_OK);
		EXPECT_EQ(syncs, 2) << "the frame, and the picture";
	}
}

TEST_F(CudaNeighbours, AreOfferedAPoolForTheFramesInFlight)
{
	Mosaic mosaic("max-in-flight=3");
	mosaic.setInput(cudaCaps(100));
	const Owned<GstQuery> query = allocation(mosaic, cudaCaps(100), true);
	ASSERT_EQ(gst_query_get_n_allocation_pools(query.get()), 1u);
	GstBufferPool *offered = nullptr;
	guint size = 0;
	guint min = 0;
	gst_query_parse_nth_allocation_pool(query.get(), 0, &offered, &size, &min, nullptr);
	const Pool pool(offered);
	EXPECT_EQ(min, 3u);
	const Owned<GstBuffer> buffer = frameFrom(pool, mosaic.input(), 1);
	EXPECT_EQ(gst_buffer_get_size(buffer.get()), size);
	gst_buffer_pool_set_active(pool.get(), FALSE);

	const Owned<GstQuery> none = allocation(mosaic, cudaCaps(100), false);
	EXPECT_EQ(gst_query_get_n_allocation_pools(none.get()), 0u);
	EXPECT_TRUE(gst_query_find_allocation_meta(none.get(), GST_VIDEO_META_API_TYPE, nullptr));
}

TEST_F(CudaNeighbours, AreOfferedNoPoolForFormatsThatTheElementDoesNotTake)
{
	Mosaic mosaic;
	mosaic.setInput(cudaCaps());
	for (const char *format : { "GRAY16_LE", "GRAY8", "Y444" }) {
		const Owned<GstQuery> query = allocation(mosaic, cudaCaps(96, format), true);
		EXPECT_EQ(gst_query_get_n_allocation_pools(query.get()), 0u) << format;
	}
}

TEST_F(CudaNeighbours, AreRefusedByAModelOnTheCpu)
{
	const Mosaic onHost("device=cpu");
	EXPECT_FALSE(accepts(onHost, cudaCaps()));
	EXPECT_TRUE(accepts(onHost, rawCaps(96, height, "NV12")));
	EXPECT_TRUE(accepts(onHost, rawCaps(96, height, "GRAY8")));

	const Mosaic onDevice("device=cuda");
	EXPECT_TRUE(accepts(onDevice, cudaCaps()));
	EXPECT_FALSE(accepts(onDevice, cudaCaps(96, "GRAY8")));
	EXPECT_TRUE(accepts(onDevice, rawCaps(96, height, "NV12")));
}

/* GStreamer's pool takes some memory to learn how long its rows are. */
TEST_F(CudaNeighbours, HearThatTheDevicesMemoryIsFull)
{
	for (const long allocations : { 0, 1 }) {
		Mosaic mosaic("", "video/x-raw(memory:CUDAMemory)");
		setAllocationsLeft(allocations);
		mosaic.setInput(96, height, "NV12");
		EXPECT_NE(mosaic.push(mosaic.frame(0, 0)), GST_FLOW_OK) << allocations;
		const std::vector<Report> errors = mosaic.reports(GST_MESSAGE_ERROR);
		ASSERT_FALSE(errors.empty());
		for (const Report &error : errors) {
			EXPECT_TRUE(error.is(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT));
			EXPECT_NE(error.sentence.find("memory on the GPU"), std::string::npos);
		}
		setAllocationsLeft(-1);
		EXPECT_TRUE(mosaic.process(1)) << "there is some again";
	}
}

TEST_F(CudaNeighbours, MayAskForALargerPictureThanTheDeviceHasMemoryFor)
{
	Mosaic mosaic("", "video/x-raw(memory:CUDAMemory),width=200");
	mosaic.setInput(96, height, "NV12");
	ASSERT_TRUE(mosaic.process(1));

	setAllocationsLeft(0);
	gst_harness_set_sink_caps_str(mosaic.harness(), "video/x-raw(memory:CUDAMemory),width=400");
	for (int attempt = 0; attempt < 2; ++attempt) {
		EXPECT_EQ(mosaic.push(mosaic.frame(1, 1)), GST_FLOW_ERROR);
		EXPECT_EQ(mosaic.reports(GST_MESSAGE_ERROR).size(), 1u);
	}
	setAllocationsLeft(-1);
	ASSERT_TRUE(mosaic.process(1));
	const GstVideoInfo out = mosaic.output();
	EXPECT_EQ(GST_VIDEO_INFO_WIDTH(&out), 400);
}

TEST_F(CudaNeighbours, MayChooseAGridThatTheDeviceHasNoMemoryFor)
{
	Mosaic mosaic("", "video/x-raw(memory:CUDAMemory)");
	mosaic.setInput(96, height, "NV12");
	ASSERT_TRUE(mosaic.process(1));

	setAllocationsLeft(0);
	mosaic.set("rows", "4");
	for (int attempt = 0; attempt < 2; ++attempt)
		EXPECT_EQ(mosaic.push(mosaic.frame(1, 1)), GST_FLOW_ERROR);
	setAllocationsLeft(-1);
	ASSERT_TRUE(mosaic.process(1));
	const GstVideoInfo out = mosaic.output();
	EXPECT_EQ(GST_VIDEO_INFO_HEIGHT(&out), 64);
}
