/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CUDA memory between the element and its neighbours, with a driver library that counts copies. */
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <dlfcn.h>
#include <glib/gstdio.h>
#include <gst/app/gstappsink.h>
#include <gst/video/video.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace {

constexpr int frames = 3;
constexpr const char *source = "videotestsrc num-buffers=3 pattern=ball ! "
			       "video/x-raw,format=NV12,width=96,height=64,framerate=25/1";
constexpr const char *uploaded = "videotestsrc num-buffers=3 pattern=ball ! "
				 "video/x-raw,format=NV12,width=96,height=64,framerate=25/1 ! "
				 "cudaupload ! video/x-raw(memory:CUDAMemory)";
constexpr const char *mosaic = "featuremosaic name=mosaic backbone=mobilenet-v2 level=c2 ";

using Bytes = std::vector<uint8_t>;

struct Release {
	void operator()(GstElement *element) const
	{
		gst_element_set_state(element, GST_STATE_NULL);
		gst_object_unref(element);
	}
	void operator()(GstSample *sample) const { gst_sample_unref(sample); }
	void operator()(GstCaps *caps) const { gst_caps_unref(caps); }
	void operator()(GstPad *pad) const { gst_object_unref(pad); }
};

template<typename T>
using Owned = std::unique_ptr<T, Release>;

long busCrossings()
{
	void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
	const auto count = reinterpret_cast<long (*)()>(dlsym(driver, "fm_fake_bus_crossings"));
	return count ? count() : -1;
}

Bytes pixelsOf(GstSample *sample)
{
	GstVideoInfo info;
	GstVideoFrame frame;
	gst_video_info_from_caps(&info, gst_sample_get_caps(sample));
	if (!gst_video_frame_map(&frame, &info, gst_sample_get_buffer(sample), GST_MAP_READ))
		return {};
	Bytes pixels;
	for (guint plane = 0; plane < GST_VIDEO_FRAME_N_PLANES(&frame); ++plane)
		for (int y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(&frame, plane); ++y) {
			const auto *row =
				static_cast<uint8_t *>(GST_VIDEO_FRAME_PLANE_DATA(&frame, plane)) +
				static_cast<std::ptrdiff_t>(y) *
					GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane);
			pixels.insert(pixels.end(), row,
			              row + static_cast<std::ptrdiff_t>(
						    GST_VIDEO_FRAME_COMP_WIDTH(&frame, plane)) *
			                              GST_VIDEO_FRAME_COMP_PSTRIDE(&frame, plane));
		}
	gst_video_frame_unmap(&frame);
	return pixels;
}

struct Outcome {
	std::vector<Bytes> pictures;
	std::string caps; /* Of the mosaic's source pad. */
	std::string error;
};

/* All frames of \a line, which ends in an appsink. */
Outcome run(const std::string &line)
{
	Outcome result;
	GError *error = nullptr;
	const Owned<GstElement> pipeline(
		gst_parse_launch((line + " ! appsink name=out sync=false").c_str(), &error));
	if (!pipeline || error) {
		result.error = error ? error->message : "no pipeline";
		g_clear_error(&error);
		return result;
	}
	GstElement *element = gst_bin_get_by_name(GST_BIN(pipeline.get()), "mosaic");
	GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline.get()), "out");
	gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
	while (GstSample *sample =
	               gst_app_sink_try_pull_sample(GST_APP_SINK(sink), 20 * GST_SECOND)) {
		const Owned<GstSample> owned(sample);
		result.pictures.push_back(pixelsOf(sample));
		const Owned<GstPad> pad(gst_element_get_static_pad(element, "src"));
		const Owned<GstCaps> caps(gst_pad_get_current_caps(pad.get()));
		gchar *text = gst_caps_to_string(caps.get());
		result.caps = text;
		g_free(text);
	}
	gst_object_unref(sink);
	gst_object_unref(element);
	GstBus *bus = gst_element_get_bus(pipeline.get());
	if (GstMessage *message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR)) {
		gchar *debug = nullptr;
		gst_message_parse_error(message, &error, &debug);
		result.error = std::string(error->message) + " " + debug;
		g_clear_error(&error);
		g_free(debug);
		gst_message_unref(message);
	}
	gst_object_unref(bus);
	return result;
}

/* What is drawn with the frames and pictures in system memory. */
const std::vector<Bytes> &expected(const std::string &format)
{
	static std::map<std::string, std::vector<Bytes>> known;
	if (!known.contains(format))
		known[format] = run(std::string(source) + " ! " + mosaic +
		                    " ! video/x-raw,format=" + format)
		                        .pictures;
	return known[format];
}

bool isOfCudaMemory(const std::string &caps)
{
	return caps.find("memory:CUDAMemory") != std::string::npos;
}

class CudaMemory : public testing::Test
{
protected:
	static void SetUpTestSuite() { gst_init(nullptr, nullptr); }

	void SetUp() override
	{
		GstElementFactory *factory = gst_element_factory_find("cudaupload");
		if (!factory)
			GTEST_SKIP() << "GStreamer's nvcodec plugin has no cudaupload here";
		gst_object_unref(factory);
		if (busCrossings() < 0)
			GTEST_SKIP() << "a real driver is in use, which counts no copies";
	}
};

} /* namespace */

TEST_F(CudaMemory, InAndOutGivesThePictureOfSystemMemory)
{
	for (const char *format : { "RGBA", "NV12", "I420", "BGRx", "RGB" }) {
		const Outcome result = run(std::string(uploaded) + " ! " + mosaic +
		                           " ! video/x-raw(memory:CUDAMemory),format=" + format +
		                           " ! cudadownload");
		EXPECT_EQ(result.error, "");
		EXPECT_TRUE(isOfCudaMemory(result.caps)) << result.caps;
		EXPECT_EQ(result.pictures.size(), std::size_t{ frames });
		EXPECT_EQ(result.pictures, expected(format)) << format;
	}
}

/* Copies between host and device that \a line makes. */
static long crossingsOf(const std::string &line)
{
	const long before = busCrossings();
	const Outcome result = run(line);
	EXPECT_EQ(result.error, "");
	EXPECT_EQ(result.pictures.size(), std::size_t{ frames });
	return busCrossings() - before;
}

TEST_F(CudaMemory, MovesNoPixelOverTheBus)
{
	/* The neighbours bring the frame up and the picture down, as they do without a mosaic. */
	const long neighbours =
		crossingsOf(std::string(uploaded) + " ! identity name=mosaic ! cudadownload");
	EXPECT_GE(neighbours, 2 * frames);
	EXPECT_EQ(crossingsOf(std::string(uploaded) + " ! " + mosaic +
	                      " ! video/x-raw(memory:CUDAMemory),format=NV12 ! cudadownload"),
	          neighbours);
	EXPECT_EQ(crossingsOf(std::string(uploaded) + " ! " + mosaic +
	                      " ! video/x-raw(memory:CUDAMemory),format=NV12 ! "
	                      "featuremosaic backbone=mobilenet-v2 ! "
	                      "video/x-raw(memory:CUDAMemory),format=NV12 ! cudadownload"),
	          neighbours)
		<< "from one mosaic to the next";
}

TEST_F(CudaMemory, MayComeInAlone)
{
	const Outcome result =
		run(std::string(uploaded) + " ! " + mosaic + " ! video/x-raw,format=RGBA");
	EXPECT_EQ(result.error, "");
	EXPECT_FALSE(isOfCudaMemory(result.caps)) << result.caps;
	EXPECT_EQ(result.pictures, expected("RGBA"));
}

TEST_F(CudaMemory, MayGoOutAlone)
{
	const Outcome result = run(std::string(source) + " ! " + mosaic +
	                           " ! video/x-raw(memory:CUDAMemory),format=NV12 ! cudadownload");
	EXPECT_EQ(result.error, "");
	EXPECT_EQ(result.pictures, expected("NV12"));
}

TEST_F(CudaMemory, IsPreferredWhereThePeerNamesIt)
{
	const Outcome result = run(std::string(uploaded) + " ! " + mosaic + " ! cudadownload");
	EXPECT_TRUE(isOfCudaMemory(result.caps)) << result.caps;
}

TEST_F(CudaMemory, IsNotForAPeerThatTakesAnything)
{
	const Outcome result = run(std::string(uploaded) + " ! " + mosaic + " ! identity");
	EXPECT_FALSE(isOfCudaMemory(result.caps)) << result.caps;
}

/* A converter passes on what it does not change, of any memory. */
TEST_F(CudaMemory, IsNotForAPeerThatTakesAnyFeature)
{
	const Outcome result = run(std::string(uploaded) + " ! " + mosaic + " ! videoconvert");
	EXPECT_EQ(result.error, "");
	EXPECT_FALSE(isOfCudaMemory(result.caps)) << result.caps;
	EXPECT_EQ(result.pictures, expected("RGB"));
}

TEST_F(CudaMemory, DoesNotReachAFile)
{
	gchar *path = nullptr;
	close(g_file_open_tmp("mosaic-XXXXXX.raw", &path, nullptr));
	{
		const Owned<GstElement> pipeline(
			gst_parse_launch((std::string(uploaded) + " ! " + mosaic +
		                          " ! videoconvert ! filesink location=" + path)
		                                 .c_str(),
		                         nullptr));
		GstBus *bus = gst_element_get_bus(pipeline.get());
		gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
		gst_message_unref(gst_bus_timed_pop_filtered(
			bus, GST_CLOCK_TIME_NONE,
			static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
		gst_object_unref(bus);
	}
	gchar *text = nullptr;
	gsize size = 0;
	g_file_get_contents(path, &text, &size, nullptr);
	Bytes all;
	for (const Bytes &picture : expected("RGB"))
		all.insert(all.end(), picture.begin(), picture.end());
	EXPECT_EQ(Bytes(text, text + size), all);
	g_free(text);
	unlink(path);
	g_free(path);
}

TEST_F(CudaMemory, OfAnotherDeviceIsCopied)
{
	const std::string line = std::string(source) +
	                         " ! cudaupload cuda-device-id=1 ! "
	                         "video/x-raw(memory:CUDAMemory) ! " +
	                         mosaic +
	                         " device=cuda:0 ! video/x-raw(memory:CUDAMemory),format=NV12 ! "
	                         "cudadownload cuda-device-id=1";
	const Outcome result = run(line);
	EXPECT_EQ(result.error, "");
	EXPECT_EQ(result.pictures, expected("NV12"));
}

TEST_F(CudaMemory, IsNotTakenByAModelOnTheCpu)
{
	const Outcome open =
		run(std::string(source) + " ! cudaupload ! " + mosaic + " device=cpu ! identity");
	EXPECT_EQ(open.error, "") << "cudaupload can pass system memory on";
	const Outcome result =
		run(std::string(uploaded) + " ! " + mosaic + " device=cpu ! identity");
	EXPECT_NE(result.error, "");
	EXPECT_TRUE(result.pictures.empty());
}

TEST_F(CudaMemory, OfSeveralFramesInFlightStaysInOrder)
{
	for (const char *flight : { "1", "2", "4" }) {
		const Outcome result =
			run(std::string(uploaded) + " ! " + mosaic + " max-in-flight=" + flight +
		            " ! video/x-raw(memory:CUDAMemory),format=RGBA ! cudadownload");
		EXPECT_EQ(result.pictures, expected("RGBA")) << flight;
	}
}
