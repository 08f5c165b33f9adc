/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pads that come and go. */
#include <thread>

#include "branch.h"
#include "views.h"

namespace {

class PadLife : public AnyInFlight
{
};
INSTANTIATE_TEST_SUITE_P(InFlight, PadLife, AnyInFlight::counts(), AnyInFlight::name);

constexpr GstState states[] = { GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED,
	                        GST_STATE_PLAYING };

/* Of the test's own source, which plays for as long as it is let. */
Pipeline endless(const std::string &properties)
{
	return Pipeline("videotestsrc ! video/x-raw,width=96,height=64,framerate=25/1 ! "
	                "featuremosaic name=f backbone=mobilenet-v2 " +
	                properties + " ! fakesink sync=true");
}

void reach(const Pipeline &pipeline, GstState state)
{
	ASSERT_NE(pipeline.setState(state), GST_STATE_CHANGE_FAILURE);
	ASSERT_EQ(gst_element_get_state(pipeline.element(), nullptr, nullptr, 20 * GST_SECOND),
	          GST_STATE_CHANGE_SUCCESS);
}

TEST_P(PadLife, MayBeAskedForInAnyState)
{
	const Pipeline pipeline = endless(GetParam());
	GstElement *element = gst_bin_get_by_name(GST_BIN(pipeline.element()), "f");
	std::vector<std::unique_ptr<Branch>> branches;
	for (const GstState state : states) {
		reach(pipeline, state);
		branches.push_back(std::make_unique<Branch>(element));
	}
	for (const auto &branch : branches)
		EXPECT_TRUE(branch->waitFor("buffer")) << branch->name();
	for (const auto &branch : branches)
		EXPECT_EQ(branch->count("caps"), 1) << branch->name();
	EXPECT_FALSE(gst_bus_pop_filtered(pipeline.bus(), GST_MESSAGE_ERROR));
	pipeline.setState(GST_STATE_NULL);
	branches.clear();
	gst_object_unref(element);
}

TEST_P(PadLife, MayBeReleasedInAnyState)
{
	const Pipeline pipeline = endless(GetParam());
	GstElement *element = gst_bin_get_by_name(GST_BIN(pipeline.element()), "f");
	std::vector<std::unique_ptr<Branch>> branches;
	for (int i = 0; i < 5; ++i)
		branches.push_back(std::make_unique<Branch>(element));
	for (const GstState state : states) {
		reach(pipeline, state);
		branches.back()->release();
		EXPECT_FALSE(GST_OBJECT_PARENT(branches.back()->pad()));
		branches.pop_back();
	}
	EXPECT_TRUE(branches.at(0)->waitFor("buffer")) << "who stays goes on";
	EXPECT_FALSE(gst_bus_pop_filtered(pipeline.bus(), GST_MESSAGE_ERROR));
	pipeline.setState(GST_STATE_NULL);
	branches.clear();
	gst_object_unref(element);
}

/* As an application starts and ends a recording. */
TEST_P(PadLife, TakeBranchesOfElementsWhilePlaying)
{
	const Pipeline pipeline = endless(GetParam());
	GstElement *element = gst_bin_get_by_name(GST_BIN(pipeline.element()), "f");
	reach(pipeline, GST_STATE_PLAYING);
	for (int i = 0; i < 20; ++i) {
		GstElement *branch = gst_parse_bin_from_description(
			"queue ! videoconvert ! fakesink name=sink async=false", TRUE, nullptr);
		GstElement *sink = gst_bin_get_by_name(GST_BIN(branch), "sink");
		std::atomic<int> frames = 0;
		g_object_set(sink, "signal-handoffs", TRUE, nullptr);
		g_signal_connect(sink, "handoff",
		                 G_CALLBACK(+[](GstElement *, GstBuffer *, GstPad *,
		                                std::atomic<int> *count) { ++*count; }),
		                 &frames);
		gst_bin_add(GST_BIN(pipeline.element()), branch);
		gst_element_sync_state_with_parent(branch);
		const Owned<GstPad> pad(gst_element_request_pad_simple(element, "src_%u"));
		const Owned<GstPad> end(gst_element_get_static_pad(branch, "sink"));
		EXPECT_EQ(gst_pad_link(pad.get(), end.get()), GST_PAD_LINK_OK);
		for (int wait = 0; i % 4 != 0 && frames < 2 && wait < 2000; ++wait)
			g_usleep(10000);
		EXPECT_TRUE(i % 4 == 0 || frames >= 2);

		gst_element_release_request_pad(element, pad.get());
		gst_element_set_state(branch, GST_STATE_NULL);
		gst_bin_remove(GST_BIN(pipeline.element()), branch);
		gst_object_unref(sink);
	}
	EXPECT_FALSE(gst_bus_pop_filtered(pipeline.bus(), GST_MESSAGE_ERROR));
	gst_object_unref(element);
}

/* From the thread that pushes, of the pad itself and of another one. */
TEST_P(PadLife, MayBeReleasedInAProbe)
{
	for (const bool isOwn : { true, false }) {
		for (const auto type : { GST_PAD_PROBE_TYPE_BUFFER, GST_PAD_PROBE_TYPE_IDLE,
		                         GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM }) {
			Views views(GetParam());
			Branch stays(views.element());
			Branch goes(views.element());
			EXPECT_EQ(views.next(), GST_FLOW_OK);
			views.drain();
			stays.frames();
			gst_pad_add_probe(
				isOwn ? goes.pad() : views.src(), type,
				[](GstPad *, GstPadProbeInfo *, gpointer branch) {
					static_cast<Branch *>(branch)->release();
					return GST_PAD_PROBE_REMOVE;
				},
				&goes, nullptr);
			for (int i = 0; i < 4; ++i)
				EXPECT_EQ(views.next(), GST_FLOW_OK);
			views.drain();
			EXPECT_FALSE(GST_OBJECT_PARENT(goes.pad()));
			EXPECT_EQ(stays.frames().size(), 4u);
			EXPECT_EQ(gst_harness_buffers_received(views.harness()), 5u);
			EXPECT_TRUE(views.reports(GST_MESSAGE_ERROR).empty());
		}
	}
}

/* Asks for pads and gives them back, in most cases without waiting for a frame. */
void comeAndGo(GstElement *element, int times, std::atomic<int> &gone, std::atomic<int> &seen)
{
	for (int i = 0; i < times; ++i) {
		Branch branch(element);
		g_object_weak_ref(
			G_OBJECT(branch.pad()),
			[](gpointer count, GObject *) {
				++*static_cast<std::atomic<int> *>(count);
			},
			&gone);
		branch.set("level", i % 2 == 0 ? "c1" : "c2");
		if (i % 3 == 0)
			branch.set("view", i % 2 == 0 ? "overlay" : "side-by-side");
		if (i % 10 == 0)
			seen += branch.waitFor("buffer");
		else if (i % 3 == 0)
			std::this_thread::sleep_for(std::chrono::milliseconds(i % 7));
		if (i % 4 == 0)
			branch.unlink();
	}
}

TEST_P(PadLife, ComeAndGoAThousandTimesWhilePlaying)
{
	Views views(std::string("level=c1 qos=false ") + GetParam());
	std::atomic<int> gone = 0;
	std::atomic<int> seen = 0;
	std::atomic<int> running = 2;
	std::vector<std::thread> threads;
	for (int i = 0; i < 2; ++i)
		threads.emplace_back([&] {
			comeAndGo(views.element(), 500, gone, seen);
			--running;
		});
	GstFlowReturn flow = GST_FLOW_OK;
	std::vector<GstClockTime> times;
	while (running > 0) {
		if (const GstFlowReturn one = views.next(); flow == GST_FLOW_OK)
			flow = one;
		while (const auto out = views.pull())
			times.push_back(GST_BUFFER_PTS(out.get()));
	}
	for (std::thread &thread : threads)
		thread.join();
	views.drain();
	while (const auto out = views.pull())
		times.push_back(GST_BUFFER_PTS(out.get()));

	EXPECT_EQ(flow, GST_FLOW_OK);
	EXPECT_TRUE(views.reports(GST_MESSAGE_ERROR).empty());
	EXPECT_EQ(seen, 100) << "who waits for a frame gets it";
	ASSERT_EQ(times.size(), views.pushed());
	for (std::size_t i = 0; i < times.size(); ++i)
		ASSERT_EQ(times[i], i * 40 * GST_MSECOND);
	EXPECT_EQ(gone, 1000) << "pads that are freed";
	EXPECT_EQ(gst_child_proxy_get_children_count(GST_CHILD_PROXY(views.element())), 1u);
}

} /* namespace */
