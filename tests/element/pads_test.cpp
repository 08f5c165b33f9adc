/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several views of one pass: what the pads that are asked for are, and show. */
#include "branch.h"
#include "views.h"

namespace {

std::string get(GstElement *element, const char *property)
{
	GValue value = G_VALUE_INIT;
	g_value_init(&value, G_TYPE_STRING);
	GObject *child = nullptr;
	GParamSpec *spec = nullptr;
	if (!gst_child_proxy_lookup(GST_CHILD_PROXY(element), property, &child, &spec))
		return "no such child";
	GValue own = G_VALUE_INIT;
	g_value_init(&own, spec->value_type);
	g_object_get_property(child, spec->name, &own);
	gchar *text = gst_value_serialize(&own);
	std::string found = text ? text : "";
	g_free(text);
	g_value_unset(&own);
	g_object_unref(child);
	return found;
}

std::vector<Branch::Frame> loneFrames(const std::string &properties, unsigned frames)
{
	Views lone(properties);
	std::vector<Branch::Frame> all;
	for (unsigned i = 0; i < frames; ++i) {
		EXPECT_EQ(lone.next(), GST_FLOW_OK);
		if (const auto out = lone.pull())
			all.push_back({ GST_BUFFER_PTS(out.get()), GST_BUFFER_DURATION(out.get()),
			                bytesOf(out.get()) });
	}
	return all;
}

class Pads : public AnyInFlight
{
};
INSTANTIATE_TEST_SUITE_P(InFlight, Pads, AnyInFlight::counts(), AnyInFlight::name);

TEST(PadNames, TakeSettingsOfALaunchLine)
{
	const Pipeline pipeline("videotestsrc num-buffers=3 ! video/x-raw,width=96,height=64 ! "
	                        "featuremosaic name=f backbone=mobilenet-v2 level=c1 "
	                        "src_0::level=c2 src_1::view=overlay src_1::level=c4 "
	                        "f.src_0 ! queue ! fakesink f.src_1 ! queue ! fakesink "
	                        "f. ! queue ! fakesink");
	GstElement *element = gst_bin_get_by_name(GST_BIN(pipeline.element()), "f");
	EXPECT_EQ(get(element, "src::level"), "c1");
	EXPECT_EQ(get(element, "src_0::level"), "c2");
	EXPECT_EQ(get(element, "src_0::view"), "mosaic");
	EXPECT_EQ(get(element, "src_1::level"), "c4");
	EXPECT_EQ(get(element, "src_1::view"), "overlay");
	gst_object_unref(element);
	const auto error = pipeline.play();
	EXPECT_FALSE(error) << error->sentence << error->debug;
}

TEST(PadNames, ChannelsThatAreNotSetReadAsThoseThatAreShown)
{
	const Views views;
	const Branch branch(views.element());
	EXPECT_EQ(views.get("channels"), "0-11");
	EXPECT_EQ(get(views.element(), "src_0::channels"), "0-11");
}

TEST(PadNames, AreThoseThatAreAskedForOrTheNextFree)
{
	const Views views;
	const Branch second(views.element(), "src_1");
	EXPECT_EQ(second.name(), "src_1");
	const Branch first(views.element());
	const Branch third(views.element());
	EXPECT_EQ(first.name(), "src_0");
	EXPECT_EQ(third.name(), "src_2");
	const Branch far(views.element(), "src_4000000000");
	EXPECT_EQ(far.name(), "src_4000000000");
}

TEST(PadNames, ThatAreTakenAreRefused)
{
	const Views views;
	std::optional<Branch> branch(std::in_place, views.element(), "src_3");
	GstElement *element = views.element();
	GstPadTemplate *templ = gst_element_get_pad_template(element, "src_%u");
	/* Not through gst_element_request_pad(), which complains of that itself. */
	const auto request = GST_ELEMENT_GET_CLASS(element)->request_new_pad;
	EXPECT_EQ(request(element, templ, "src_3", nullptr), nullptr);
	EXPECT_EQ(request(element, templ, "src", nullptr), nullptr);
	EXPECT_EQ(gst_child_proxy_get_children_count(GST_CHILD_PROXY(element)), 2u);
	branch.reset();
	EXPECT_EQ(Branch(element, "src_3").name(), "src_3") << "free again";
}

TEST_P(Pads, ShowWhatALoneSrcShows)
{
	const std::vector<std::string> settings = {
		"level=c2",
		"view=overlay level=c4",
		"view=side-by-side level=c3",
		"view=pyramid",
		"level=c3 channels=top:4 normalize=running columns=2 rows=2",
		"level=c2 channels=change:4 columns=2 rows=2",
	};
	constexpr unsigned frames = 5;
	Views views(std::string("level=c5 ") + GetParam());
	std::vector<std::unique_ptr<Branch>> branches;
	for (const std::string &each : settings) {
		branches.push_back(std::make_unique<Branch>(views.element()));
		setAll(views.element(), branches.back()->name(), each);
	}
	for (unsigned i = 0; i < frames; ++i)
		EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();

	for (std::size_t i = 0; i < settings.size(); ++i) {
		const auto alone = loneFrames(settings[i], frames);
		ASSERT_EQ(alone.size(), frames) << settings[i];
		EXPECT_EQ(alone[4].pts, 160 * GST_MSECOND);
		EXPECT_TRUE(branches[i]->frames() == alone) << settings[i];
	}
	EXPECT_EQ(gst_harness_buffers_received(views.harness()), frames);
}

TEST_P(Pads, NegotiateTheirOwnCaps)
{
	Views views(GetParam());
	Branch small(views.element(), "src_%u", "video/x-raw,format=NV12,width=64,height=48");
	Branch wide(views.element(), "src_%u", "video/x-raw,format={I420,RGBA},width=320");
	Branch free(views.element());
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();

	const GstVideoInfo src = views.output();
	EXPECT_EQ(small.video().width, 64);
	EXPECT_EQ(small.video().height, 48);
	EXPECT_EQ(GST_VIDEO_FORMAT_INFO_FORMAT(small.video().finfo), GST_VIDEO_FORMAT_NV12);
	EXPECT_EQ(wide.video().width, 320);
	EXPECT_EQ(free.video().width, src.width);
	EXPECT_EQ(free.video().height, src.height);
	for (Branch *branch : { &small, &wide, &free }) {
		const auto frames = branch->frames();
		ASSERT_EQ(frames.size(), 1u);
		EXPECT_EQ(frames[0].bytes.size(), branch->video().size);
		EXPECT_EQ(branch->video().fps_n, 25);
	}
}

/* The rate is the same on all pads: who chooses it has to hear of them all. */
TEST(PadRates, OfAllBranchesAreAskedForUpstream)
{
	const Pipeline pipeline("videotestsrc num-buffers=2 ! video/x-raw,width=96,height=64 ! "
	                        "featuremosaic name=f backbone=mobilenet-v2 f. ! queue ! fakesink "
	                        "f.src_0 ! video/x-raw,framerate=[1/1,20/1] ! queue ! fakesink "
	                        "f.src_1 ! video/x-raw,framerate=[10/1,60/1] ! queue ! fakesink");
	const auto error = pipeline.play();
	EXPECT_FALSE(error) << error->sentence << error->debug;
}

TEST_P(Pads, ChangeWithoutNegotiationWhereTheSizeStays)
{
	Views views(std::string("stats-interval=1 ") + GetParam());
	Branch branch(views.element());
	/* Tiles of 24x16: all are as large as the video. */
	setAll(views.element(), branch.name(), "level=c2 channels=0-15 columns=4 rows=4");
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	const auto size = branch.frames().at(0).bytes.size();
	EXPECT_EQ(branch.count("caps"), 1);
	EXPECT_EQ(branch.count("allocation"), 1);
	views.reports(GST_MESSAGE_WARNING); /* Of there being no weights. */

	for (const char *settings :
	     { "level=c4", "level=c1", "view=overlay", "level=c3", "view=change", "view=pca",
	       "view=mosaic", "channels=top:16", "colormap=turbo", "normalize=level", "page=1" }) {
		setAll(views.element(), branch.name(), settings);
		EXPECT_EQ(views.next(), GST_FLOW_OK);
		views.drain();
		const auto frames = branch.frames();
		ASSERT_EQ(frames.size(), 1u) << settings;
		EXPECT_EQ(frames[0].bytes.size(), size) << settings;
	}
	EXPECT_EQ(branch.count("caps"), 1);
	EXPECT_EQ(branch.count("allocation"), 1);
	EXPECT_EQ(views.countEvents(GST_EVENT_CAPS), 1) << "that of src";
	for (const Report &report : views.reports(GST_MESSAGE_WARNING))
		ADD_FAILURE() << report.sentence;

	int times = 1;
	for (const char *settings : { "view=side-by-side", "view=pyramid", "view=overlay" }) {
		setAll(views.element(), branch.name(), settings);
		EXPECT_EQ(views.next(), GST_FLOW_OK);
		views.drain();
		EXPECT_EQ(branch.count("caps"), ++times) << settings;
		EXPECT_EQ(branch.count("allocation"), times) << settings;
		EXPECT_EQ(branch.frames().at(0).bytes.size(), branch.video().size) << settings;
	}
	EXPECT_EQ(branch.video().width, Views::width);
	EXPECT_EQ(branch.video().height, Views::height);
}

} /* namespace */
