/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events, frames and errors of a stream that has several branches. */
#include "branch.h"
#include "views.h"

namespace {

class PadFlows : public AnyInFlight
{
};
INSTANTIATE_TEST_SUITE_P(InFlight, PadFlows, AnyInFlight::counts(), AnyInFlight::name);

TEST_P(PadFlows, ThatAreNotLinkedCostNothing)
{
	Views views(std::string("level=c2 stats-interval=1 ") + GetParam());
	Branch other(views.element());
	other.set("level", "c4");
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	EXPECT_EQ(views.levels(), (Levels{ "c2", "c4" }));

	other.unlink();
	/* What would be a warning, were it drawn. */
	other.set("gap", "1024");
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	EXPECT_TRUE(views.reports(GST_MESSAGE_WARNING).empty());
	g_usleep(2000);
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	EXPECT_EQ(views.levels(), Levels{ "c2" });
	other.set("gap", "0");

	views.unlinkSrc();
	EXPECT_EQ(views.untilNotOk(), GST_FLOW_NOT_LINKED) << "none is linked";

	other.link();
	other.frames();
	views.next(); /* May tell of one before. */
	views.drain();
	g_usleep(2000);
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	EXPECT_FALSE(other.frames().empty());
	EXPECT_EQ(views.levels(), Levels{ "c4" }) << "src is the one that costs nothing now";
}

TEST_P(PadFlows, WhoseBranchHasEndedCostNothing)
{
	Views views(std::string("level=c2 stats-interval=1 ") + GetParam());
	Branch first(views.element());
	Branch second(views.element());
	first.set("level", "c3");
	second.set("level", "c4");
	first.setFlow(GST_FLOW_EOS);
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	g_usleep(2000);
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	EXPECT_EQ(views.levels(), (Levels{ "c2", "c4" }));
	EXPECT_EQ(first.frames().size(), 1u);
	EXPECT_EQ(second.frames().size(), 3u);

	views.unlinkSrc();
	second.setFlow(GST_FLOW_EOS);
	EXPECT_EQ(views.untilNotOk(), GST_FLOW_EOS) << "one is not linked, the others have ended";

	first.setFlow(GST_FLOW_OK);
	second.setFlow(GST_FLOW_OK);
	views.flush();
	first.frames();
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	EXPECT_EQ(first.frames().size(), 1u) << "after a flush it starts again";
}

/* As queues and sinks that have ended do. */
TEST_P(PadFlows, WhoseBranchHasEndedStartAgainWithAnotherStream)
{
	Views views(GetParam());
	Branch branch(views.element());
	branch.setFlow(GST_FLOW_EOS);
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	branch.setFlow(GST_FLOW_OK);
	gst_harness_push_event(views.harness(), gst_event_new_stream_start("another"));
	views.setInput(Views::width, Views::height);
	GstSegment segment;
	gst_segment_init(&segment, GST_FORMAT_TIME);
	gst_harness_push_event(views.harness(), gst_event_new_segment(&segment));
	branch.frames();
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	EXPECT_EQ(branch.frames().size(), 1u);
}

TEST_P(PadFlows, WhoseBranchHasEndedTakeAnotherBranch)
{
	Views views(GetParam());
	Branch branch(views.element());
	branch.setFlow(GST_FLOW_EOS);
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	branch.unlink();
	branch.setFlow(GST_FLOW_OK);
	branch.link();
	branch.frames();
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	EXPECT_EQ(branch.frames().size(), 1u);
}

TEST_P(PadFlows, ReturnErrorsOfAnyBranch)
{
	for (const GstFlowReturn error :
	     { GST_FLOW_ERROR, GST_FLOW_FLUSHING, GST_FLOW_NOT_NEGOTIATED }) {
		Views views(GetParam());
		Branch first(views.element());
		Branch second(views.element());
		second.setFlow(GST_FLOW_EOS);
		EXPECT_EQ(views.next(), GST_FLOW_OK);
		views.drain();
		first.setFlow(error);
		EXPECT_EQ(views.untilNotOk(), error);
		first.release();
		views.next(); /* May tell of one before. */
		views.next();
		EXPECT_EQ(views.next(), GST_FLOW_OK) << "who failed has gone";
	}
}

TEST_P(PadFlows, ThatCannotBeNegotiatedAreAnError)
{
	Views views(GetParam());
	Branch branch(views.element());
	branch.accept("video/x-raw,framerate=1/7");
	EXPECT_EQ(views.untilNotOk(), GST_FLOW_NOT_NEGOTIATED);
	branch.unlink();
	EXPECT_EQ(views.next(), GST_FLOW_OK) << "it is not linked any more";
}

TEST_P(PadFlows, PassEventsOnToAllBranches)
{
	Views views(GetParam());
	Branch first(views.element());
	Branch ended(views.element());
	ended.setFlow(GST_FLOW_EOS);
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.flush();
	for (const Branch *branch : { &first, &ended }) {
		EXPECT_EQ(branch->count("flush-start"), 1);
		EXPECT_EQ(branch->count("flush-stop"), 1);
	}
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	gst_harness_push_event(views.harness(), gst_event_new_eos());
	for (const Branch *branch : { &first, &ended }) {
		EXPECT_EQ(branch->count("eos"), 1);
		EXPECT_EQ(branch->log().back(), "eos") << "after the last frame";
	}
	EXPECT_EQ(views.countEvents(GST_EVENT_EOS), 1);
}

TEST_P(PadFlows, ThatComeWhilePlayingBeginAsAStreamDoes)
{
	Views views(GetParam());
	Branch before(views.element());
	before.unlink();
	for (int i = 0; i < 3; ++i)
		EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	gst_harness_push_event(views.harness(),
	                       gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "t", nullptr)));
	Branch after(views.element());
	before.link();
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	for (Branch *branch : { &before, &after }) {
		std::vector<std::string> log = branch->log();
		std::erase(log, "allocation");
		std::erase(log, "gap"); /* Of drain(). */
		EXPECT_EQ(log, (std::vector<std::string>{ "stream-start", "caps", "segment", "tag",
		                                          "buffer" }));
		const auto frames = branch->frames();
		ASSERT_EQ(frames.size(), 1u);
		EXPECT_EQ(frames[0].pts, 120 * GST_MSECOND);
	}
}

TEST_P(PadFlows, ThatComeAfterTheLastFrameEndWithTheOthers)
{
	Views views(GetParam());
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	const Branch branch(views.element());
	gst_harness_push_event(views.harness(), gst_event_new_eos());
	EXPECT_EQ(branch.log(), (std::vector<std::string>{ "stream-start", "eos" }));
}

/* An event is on its way: the pads that are there have it, the sink pad does not yet. */
TEST_P(PadFlows, ThatComeWithAnEventHaveIt)
{
	Views views(GetParam());
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	struct Late {
		GstElement *element;
		std::unique_ptr<Branch> branch;
	} late = { views.element(), nullptr };
	gst_pad_add_probe(
		views.harness()->sinkpad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
		[](GstPad *, GstPadProbeInfo *info, gpointer data) {
			auto *late = static_cast<Late *>(data);
			if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_SEGMENT &&
		            !late->branch)
				late->branch = std::make_unique<Branch>(late->element);
			return GST_PAD_PROBE_OK;
		},
		&late, nullptr);
	GstSegment segment;
	gst_segment_init(&segment, GST_FORMAT_TIME);
	segment.base = 5 * GST_SECOND;
	gst_harness_push_event(views.harness(), gst_event_new_segment(&segment));
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	ASSERT_TRUE(late.branch);
	ASSERT_EQ(late.branch->frames().size(), 1u);
	const Owned<GstEvent> event(
		gst_pad_get_sticky_event(late.branch->sink(), GST_EVENT_SEGMENT, 0));
	ASSERT_TRUE(event);
	const GstSegment *got = nullptr;
	gst_event_parse_segment(event.get(), &got);
	EXPECT_EQ(got->base, 5 * GST_SECOND);
}

} /* namespace */
