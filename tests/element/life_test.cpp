/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cstdio>
#include <filesystem>
#include <thread>

#include "fixture.h"
#include "resident.h"

namespace {

std::string source(const std::string &properties, int frames = 3)
{
	return "videotestsrc num-buffers=" + std::to_string(frames) +
	       " ! video/x-raw,width=96,height=64,framerate=25/1 ! featuremosaic "
	       "backbone=mobilenet-v2 " +
	       properties + " ! ";
}

TEST(Life, StateCyclesDoNotGrow)
{
	const Pipeline pipeline(source("") + "fakesink");
	const double growth = growthOver(20, [&] {
		const auto error = pipeline.play();
		ASSERT_FALSE(error) << error->sentence;
		ASSERT_EQ(pipeline.setState(GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
	});
	/* The model alone, which has 9 MB, would be 153. */
	EXPECT_LT(growth, 60);
}

TEST(Life, FramesDoNotGrow)
{
	Mosaic mosaic("level=c1");
	mosaic.setInput(192, 128);
	for (unsigned i = 0; i < 50; ++i)
		mosaic.process(i);
	const double before = residentMegabytes();
	for (unsigned i = 0; i < 300; ++i)
		mosaic.process(i);
	/* A picture or a frame that leaked would be 55 or 74 kB each: 16 MB or 22 MB. */
	EXPECT_LT(residentMegabytes() - before, 10);
}

TEST(Life, FailedStartsDoNotGrow)
{
	const Pipeline pipeline(source("level=p9") + "fakesink");
	const double growth = growthOver(20, [&] {
		ASSERT_TRUE(pipeline.play());
		pipeline.setState(GST_STATE_NULL);
	});
	EXPECT_LT(growth, 60);
}

TEST(Life, OutputOutlivesTheElement)
{
	Owned<GstBuffer> kept;
	Bytes then;
	{
		Mosaic mosaic;
		mosaic.setInput(96, 64);
		kept = mosaic.process(1);
		ASSERT_TRUE(kept);
		then = bytesOf(kept.get());
		for (unsigned seed = 2; seed < 10; ++seed)
			mosaic.process(seed);
		EXPECT_TRUE(bytesOf(kept.get()) == then) << "written to again";
	}
	EXPECT_TRUE(bytesOf(kept.get()) == then);
}

TEST(Life, AnElementMayGoWithoutHavingPlayed)
{
	for (const GstState state : { GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED }) {
		GstElement *element = gst_element_factory_make("featuremosaic", nullptr);
		ASSERT_TRUE(element);
		gst_object_ref_sink(element);
		gst_util_set_object_arg(G_OBJECT(element), "backbone", "mobilenet-v2");
		gst_util_set_object_arg(G_OBJECT(element), "level", "c3");
		EXPECT_NE(gst_element_set_state(element, state), GST_STATE_CHANGE_FAILURE);
		gst_element_set_state(element, GST_STATE_NULL);
		EXPECT_EQ(GST_OBJECT_REFCOUNT_VALUE(element), 1);
		gst_object_unref(element);
	}
}

TEST(Life, TwoElementsInOneProcessDoNotMix)
{
	const auto pictures = [](const char *properties) {
		Mosaic mosaic(properties);
		mosaic.setInput(96, 64);
		std::vector<Bytes> all;
		for (unsigned seed = 0; seed < 20; ++seed)
			all.push_back(mosaic.picture(seed));
		return all;
	};
	const char *const first = "level=c2 colormap=turbo";
	const char *const second = "level=c4";
	const auto expectedFirst = pictures(first);
	const auto expectedSecond = pictures(second);

	std::vector<Bytes> beside;
	std::thread thread([&] { beside = pictures(second); });
	EXPECT_TRUE(pictures(first) == expectedFirst);
	thread.join();
	EXPECT_TRUE(beside == expectedSecond);
}

/* In a process of their own, for what this one holds by now. */
double residentMegabytesOf(int elements)
{
	const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
	const std::string command = "'" + self + "' --show-resident " + std::to_string(elements);
	FILE *output = popen(command.c_str(), "r");
	long kilobytes = 0;
	EXPECT_EQ(output ? std::fscanf(output, "%ld", &kilobytes) : 0, 1);
	EXPECT_TRUE(output && pclose(output) == 0);
	return static_cast<double>(kilobytes) * 1024 / 1e6;
}

TEST(Life, SixteenElementsShareTheirWeights)
{
#ifdef __SANITIZE_ADDRESS__
	GTEST_SKIP() << "AddressSanitizer keeps what is freed";
#endif
	/* ResNet-50 with FPN has 26.8 million values of 4 bytes; oneDNN's layout of them is as
	 * large again. An element has threads with their stacks, LibTorch's memory for each of
	 * them, and pictures, measured to be 2 MB. */
	constexpr double weights = 2 * 26.8 * 4;
	constexpr double perElement = 3;
	EXPECT_LT(residentMegabytesOf(16) - residentMegabytesOf(1),
	          0.1 * weights + 15 * perElement);
}

TEST(Life, ElementsInARowWork)
{
	const Pipeline pipeline(source("rows=4") + "videoconvert ! featuremosaic "
	                                           "backbone=mobilenet-v2 level=c2 ! fakesink");
	const auto error = pipeline.play();
	EXPECT_FALSE(error) << error->sentence;
}

TEST(Life, ALivePipelineStopsAtOnce)
{
	const Pipeline pipeline("videotestsrc is-live=true ! video/x-raw,width=96,height=64 ! "
	                        "featuremosaic backbone=mobilenet-v2 ! fakesink sync=true");
	pipeline.setState(GST_STATE_PLAYING);
	g_usleep(500000);
	const Owned<GstQuery> query(gst_query_new_latency());
	ASSERT_TRUE(gst_element_query(pipeline.element(), query.get()));
	gboolean live = FALSE;
	gst_query_parse_latency(query.get(), &live, nullptr, nullptr);
	EXPECT_TRUE(live);
	const gint64 start = g_get_monotonic_time();
	pipeline.setState(GST_STATE_NULL);
	EXPECT_LT(g_get_monotonic_time() - start, 2 * G_USEC_PER_SEC);
	EXPECT_FALSE(gst_bus_pop_filtered(pipeline.bus(), GST_MESSAGE_ERROR));
}

} /* namespace */
