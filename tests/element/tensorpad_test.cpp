/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tensor pads: names, properties, caps, flows; how they come and go. */
#include <thread>

#include <gst/video/navigation.h>

#include "tensorbranch.h"

namespace {

class TensorPads : public AnyInFlight
{
};
INSTANTIATE_TEST_SUITE_P(InFlight, TensorPads, AnyInFlight::counts(), AnyInFlight::name);

TEST(TensorPadNames, AreThoseThatAreAskedForOrTheNextFree)
{
	const Views views;
	const Branch second(views.element(), "tensor_1");
	EXPECT_EQ(second.name(), "tensor_1");
	const Branch picture(views.element());
	EXPECT_EQ(picture.name(), "src_0") << "counted on their own";
	const Branch first(views.element(), "tensor_%u");
	const Branch third(views.element(), "tensor_%u");
	EXPECT_EQ(first.name(), "tensor_0");
	EXPECT_EQ(third.name(), "tensor_2");
	/* Not through gst_element_request_pad(), which complains of that itself. */
	GstElement *element = views.element();
	GstPadTemplate *templ = gst_element_get_pad_template(element, "tensor_%u");
	const auto request = GST_ELEMENT_GET_CLASS(element)->request_new_pad;
	EXPECT_EQ(request(element, templ, "tensor_1", nullptr), nullptr);
}

TEST(TensorPadNames, TakeSettingsOfALaunchLine)
{
	const Pipeline pipeline("videotestsrc num-buffers=3 ! video/x-raw,width=96,height=64 ! "
	                        "featuremosaic name=f backbone=mobilenet-v2 "
	                        "tensor_0::level=c2 tensor_0::channels=all "
	                        "f.tensor_0 ! application/x-feature-maps,level=c2,channels=24,"
	                        "height=16,width=24 ! queue ! fakesink f. ! queue ! fakesink");
	const auto error = pipeline.play();
	EXPECT_FALSE(error) << error->sentence << error->debug;
}

TEST(TensorPadProperties, AreThoseThatChooseMaps)
{
	const Views views;
	const Branch branch(views.element(), "tensor_%u");
	GObjectClass *klass = G_OBJECT_GET_CLASS(branch.pad());
	for (const char *name : { "level", "channels", "freeze", "rank-in" })
		EXPECT_TRUE(g_object_class_find_property(klass, name)) << name;
	for (const char *name : { "view", "page", "columns", "rows", "colormap", "labels" })
		EXPECT_FALSE(g_object_class_find_property(klass, name)) << name;
}

TEST(TensorPadProperties, AreRefusedWhereTheyDoNotFitAndWhatWasGoesOn)
{
	Views views;
	TensorBranch branch(views.element(), "level=c3 channels=0-3");
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	const std::size_t size = branch.tensor().bytes.size();
	views.reports(GST_MESSAGE_WARNING); /* Of there being no weights. */

	std::string repeated = "channels=0";
	for (int i = 0; i < 32; ++i)
		repeated += ",0";
	for (const std::string &settings :
	     { std::string("level=c9"), std::string("channels=40"), repeated }) {
		setAll(views.element(), branch.name(), settings);
		EXPECT_EQ(views.next(), GST_FLOW_OK);
		EXPECT_EQ(branch.tensor().bytes.size(), size) << settings;
		EXPECT_EQ(views.reports(GST_MESSAGE_WARNING).size(), 1u) << settings;
		setAll(views.element(), branch.name(), "channels=0-3");
	}
}

TEST_P(TensorPads, TakeNoOtherCaps)
{
	for (const char *caps : { "application/x-feature-maps,level=c9",
	                          "application/x-feature-maps,width=7", "video/x-raw" }) {
		Views views(GetParam());
		Branch branch(views.element(), "tensor_%u");
		branch.accept(caps);
		EXPECT_EQ(views.untilNotOk(), GST_FLOW_NOT_NEGOTIATED) << caps;
	}
}

/* What is accepted may change while it plays. */
TEST_P(TensorPads, NegotiateAnewWhereThePeerWantsThat)
{
	Views views(GetParam());
	TensorBranch branch(views.element(), "level=c3");
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	EXPECT_EQ(branch.tensor().format, "F32LE");
	branch.accept("application/x-feature-maps,format=F16LE");
	gst_pad_push_event(branch.sink(), gst_event_new_reconfigure());
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	const Tensor tensor = branch.tensor();
	EXPECT_EQ(tensor.format, "F16LE");
	EXPECT_EQ(tensor.bytes.size(), 12 * tensor.planeSize() * 2);
	EXPECT_EQ(branch.count("caps"), 2);
}

TEST(TensorPadCaps, AnswerQueriesAtTheRateOfTheVideo)
{
	const Views views;
	const Branch branch(views.element(), "tensor_%u");
	const Owned<GstCaps> caps(gst_pad_query_caps(branch.pad(), nullptr));
	const Owned<GstCaps> right(gst_caps_from_string(
		"application/x-feature-maps,format=F32LE,level=c3,channels=3,height=4,width=5,"
		"framerate=25/1"));
	const Owned<GstCaps> wrong(gst_caps_from_string("video/x-raw,format=RGB"));
	EXPECT_TRUE(gst_caps_can_intersect(caps.get(), right.get()));
	EXPECT_FALSE(gst_caps_can_intersect(caps.get(), wrong.get()));
	EXPECT_TRUE(gst_pad_query_accept_caps(branch.pad(), right.get()));
	EXPECT_FALSE(gst_pad_query_accept_caps(branch.pad(), wrong.get()));
}

TEST(TensorPadCaps, ReachUpstreamWithTheirRate)
{
	const Pipeline pipeline("videotestsrc num-buffers=2 ! video/x-raw,width=96,height=64 ! "
	                        "featuremosaic name=f backbone=mobilenet-v2 f. ! queue ! fakesink "
	                        "f.tensor_0 ! application/x-feature-maps,framerate=[1/1,20/1] ! "
	                        "queue ! fakesink");
	const auto error = pipeline.play();
	EXPECT_FALSE(error) << error->sentence << error->debug;
}

TEST_P(TensorPads, BeginWithTheStreamAndEndWithIt)
{
	Views views(GetParam());
	TensorBranch branch(views.element(), "level=c3");
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	gst_harness_push_event(views.harness(), gst_event_new_eos());
	const std::vector<std::string> expected = { "stream-start", "caps",   "segment",
		                                    "allocation",   "buffer", "eos" };
	EXPECT_EQ(branch.log(), expected);
}

TEST_P(TensorPads, MayEndWhileOthersGoOn)
{
	Views views(std::string("level=c1 stats-interval=1 ") + GetParam());
	TensorBranch branch(views.element(), "level=c5");
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	branch.setFlow(GST_FLOW_EOS);
	for (int i = 0; i < 8; ++i)
		EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	views.levels();
	g_usleep(2000);
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	EXPECT_EQ(views.levels(), Levels{ "c1" });
	EXPECT_EQ(gst_harness_buffers_received(views.harness()), views.pushed());
}

TEST_P(TensorPads, TellUpstreamOfErrors)
{
	Views views(GetParam());
	TensorBranch branch(views.element(), "level=c3");
	branch.setFlow(GST_FLOW_ERROR);
	EXPECT_EQ(views.untilNotOk(), GST_FLOW_ERROR);
}

TEST_P(TensorPads, MayBeAskedForAndReleasedInAnyState)
{
	const Pipeline pipeline("videotestsrc ! video/x-raw,width=96,height=64,framerate=25/1 ! "
	                        "featuremosaic name=f backbone=mobilenet-v2 " +
	                        std::string(GetParam()) + " ! fakesink sync=true");
	GstElement *element = gst_bin_get_by_name(GST_BIN(pipeline.element()), "f");
	std::vector<std::unique_ptr<TensorBranch>> stay;
	std::vector<std::unique_ptr<TensorBranch>> go;
	for (int i = 0; i < 4; ++i)
		go.push_back(std::make_unique<TensorBranch>(element, "level=c2"));
	for (const GstState state :
	     { GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_PLAYING }) {
		ASSERT_NE(pipeline.setState(state), GST_STATE_CHANGE_FAILURE);
		ASSERT_EQ(gst_element_get_state(pipeline.element(), nullptr, nullptr,
		                                20 * GST_SECOND),
		          GST_STATE_CHANGE_SUCCESS);
		stay.push_back(std::make_unique<TensorBranch>(element, "level=c3"));
		go.back()->release();
		EXPECT_FALSE(GST_OBJECT_PARENT(go.back()->pad()));
		go.pop_back();
	}
	for (const auto &branch : stay)
		EXPECT_TRUE(branch->waitFor("buffer")) << branch->name();
	EXPECT_FALSE(gst_bus_pop_filtered(pipeline.bus(), GST_MESSAGE_ERROR));
	pipeline.setState(GST_STATE_NULL);
	stay.clear();
	gst_object_unref(element);
}

TEST_P(TensorPads, ComeAndGoAndChangeWhilePlaying)
{
	Views views(std::string("level=c1 qos=false ") + GetParam());
	std::atomic<int> running = 2;
	std::atomic<int> seen = 0;
	std::vector<std::thread> threads;
	for (int thread = 0; thread < 2; ++thread)
		threads.emplace_back([&, thread] {
			const char *levels[] = { "c1", "c2", "c3" };
			const char *channels[] = { "all", "0-3", "top:4", "9,1" };
			for (int i = 0; i < 100; ++i) {
				TensorBranch branch(views.element(),
				                    std::string("level=") + levels[i % 3]);
				branch.set("channels", channels[(i + thread) % 4]);
				if (i % 5 == 0)
					seen += branch.waitFor("buffer");
				branch.set("level", levels[(i + 1) % 3]);
				branch.set("freeze", i % 2 == 0 ? "true" : "false");
				if (i % 4 == 0)
					branch.unlink();
			}
			--running;
		});
	GstFlowReturn flow = GST_FLOW_OK;
	while (running > 0) {
		if (const GstFlowReturn one = views.next(); flow == GST_FLOW_OK)
			flow = one;
		while (views.pull()) {
		}
	}
	for (std::thread &thread : threads)
		thread.join();
	views.drain();
	EXPECT_EQ(flow, GST_FLOW_OK);
	EXPECT_EQ(seen, 40) << "who waits for a buffer gets it";
	EXPECT_TRUE(views.reports(GST_MESSAGE_ERROR).empty());
	EXPECT_EQ(gst_child_proxy_get_children_count(GST_CHILD_PROXY(views.element())), 1u);
}

/* There is no window that shows them. */
TEST(TensorPadEvents, OfNavigationAreForOthers)
{
	const Views views;
	const Branch branch(views.element(), "tensor_%u");
	gst_pad_push_event(branch.sink(),
	                   gst_navigation_event_new_key_press("f", GST_NAVIGATION_MODIFIER_NONE));
	gboolean isFrozen = TRUE;
	g_object_get(branch.pad(), "freeze", &isFrozen, nullptr);
	EXPECT_FALSE(isFrozen);
}

} /* namespace */
