/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <mutex>
#include <string>
#include <vector>

#include <malloc.h>

#include <gst/gst.h>
#include <gtest/gtest.h>

namespace {

std::mutex mutex;
std::vector<std::string> complaints; /* Of GLib and GStreamer; protected by mutex. */

void note(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer)
{
	if (!(level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING)))
		return;
	std::lock_guard lock(mutex);
	complaints.push_back(std::string(domain ? domain : "") + ": " + text);
}

/* A failed g_return_if_fail() is a bug, whatever the test looks at. */
class NoComplaints : public testing::EmptyTestEventListener
{
	void OnTestEnd(const testing::TestInfo &) override
	{
		std::lock_guard lock(mutex);
		for (const std::string &complaint : complaints)
			ADD_FAILURE() << complaint;
		complaints.clear();
	}
};

/* What the leak tracer has to find, where it works. */
int leakOnPurpose()
{
	gst_element_factory_make("identity", "leaked-on-purpose");
	gst_deinit();
	return 0;
}

/* Prints the kilobytes that the process has in memory after a frame has come out of each of as many
 * elements. */
int showResident(int elements)
{
	std::string line =
		"videotestsrc num-buffers=1 ! video/x-raw,width=64,height=64 ! tee name=t";
	for (int i = 0; i < elements; ++i)
		line += " t. ! queue ! featuremosaic device=cpu backbone=resnet50-fpn level=p2 ! "
			"fakesink";
	GstElement *pipeline = gst_parse_launch(line.c_str(), nullptr);
	GstBus *bus = gst_element_get_bus(pipeline);
	gst_element_set_state(pipeline, GST_STATE_PLAYING);
	GstMessage *end = gst_bus_timed_pop_filtered(
		bus, GST_CLOCK_TIME_NONE,
		static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
	const bool isGood = GST_MESSAGE_TYPE(end) == GST_MESSAGE_EOS;
	malloc_trim(0); /* What is free in the arenas of so many threads is nobody's. */
	std::ifstream status("/proc/self/status");
	for (std::string word; isGood && status >> word;)
		if (word == "VmRSS:" && status >> word)
			std::cout << word << std::endl;
	gst_message_unref(end);
	gst_element_set_state(pipeline, GST_STATE_NULL);
	gst_object_unref(bus);
	gst_object_unref(pipeline);
	return isGood ? 0 : 1;
}

} /* namespace */

int main(int argc, char **argv)
{
	gst_init(&argc, &argv);
	if (argc == 2 && std::strcmp(argv[1], "--leak-on-purpose") == 0)
		return leakOnPurpose();
	if (argc == 3 && std::strcmp(argv[1], "--show-resident") == 0)
		return showResident(std::stoi(argv[2]));

	testing::InitGoogleTest(&argc, argv);
	testing::UnitTest::GetInstance()->listeners().Append(new NoComplaints);
	if (!std::getenv("GST_TRACERS"))
		g_log_set_default_handler(note, nullptr);
	const int result = RUN_ALL_TESTS();
	gst_deinit();
	return result;
}
