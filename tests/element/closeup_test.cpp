/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clicks on tiles. */
#include <atomic>
#include <cmath>
#include <limits>
#include <set>
#include <thread>

#include "branch.h"
#include "views.h"
#include "window.h"

namespace {

/* Of the input, and of a mosaic that has two columns and rows: tiles are 48x32. */
constexpr int width = 96;
constexpr int height = 64;

const std::string closeUpOf(const std::string &level, const std::string &channel)
{
	return "view=side-by-side columns=1 rows=1 level=" + level + " channels=" + channel;
}

Bytes pictureOf(const std::string &properties, const char *sinkCaps = nullptr)
{
	Mosaic mosaic(properties, sinkCaps);
	mosaic.setInput(width, height);
	return mosaic.picture();
}

struct Place {
	const char *name;
	const char *properties;
	double x, y;
	const char *level, *channel; /* Null where there is no tile of a channel. */
};

const Place places[] = {
	{ "FirstTile", "level=c3 channels=5,9,2,7 columns=2 rows=2", 0, 0, "c3", "5" },
	{ "EndOfFirstTile", "level=c3 channels=5,9,2,7 columns=2 rows=2", 47.9, 31.9, "c3", "5" },
	{ "SecondTile", "level=c3 channels=5,9,2,7 columns=2 rows=2", 48, 31, "c3", "9" },
	{ "SecondRow", "level=c3 channels=5,9,2,7 columns=2 rows=2", 47, 32, "c3", "2" },
	{ "LastTile", "level=c3 channels=5,9,2,7 columns=2 rows=2", 95.9, 63.9, "c3", "7" },
	{ "Page", "level=c3 channels=all columns=2 rows=2 page=3", 60, 40, "c3", "15" },
	{ "DefaultLevel", "columns=2 rows=2", 60, 10, "c5", "1" },
	{ "EmptyCell", "level=c3 channels=5,9,2 columns=2 rows=2", 60, 40, nullptr, nullptr },
	{ "Gap", "level=c3 columns=2 rows=2 gap=8", 48, 10, nullptr, nullptr },
	{ "BehindGap", "level=c3 columns=2 rows=2 gap=8", 53, 10, "c3", "1" },
	{ "Change", "level=c3 view=change channels=5,9,2,7 columns=2 rows=2", 10, 40, "c3", "2" },
	/* Four strips, as wide as the video, which have its height together. */
	{ "Timeline", "level=c3 view=timeline channels=5,9,2,7", 80, 40, "c3", "2" },
	/* The video, of a tile's size, and below it a row for each level. */
	{ "PyramidVideo", "view=pyramid channels=5,9 columns=2", 10, 10, nullptr, nullptr },
	{ "PyramidTop", "view=pyramid channels=5,9 columns=2", 60, 33, "c1", "9" },
	{ "PyramidAmid", "view=pyramid channels=5,9 columns=2", 10, 32 * 3 + 5, "c3", "5" },
	{ "PyramidBottom", "view=pyramid channels=5,9 columns=2", 60, 32 * 6 - 1, "c5", "9" },
	{ "SideBySideVideo", "level=c3 view=side-by-side columns=2 rows=2", 10, 10, nullptr,
	  nullptr },
	{ "SideBySide", "level=c3 view=side-by-side channels=5,9,2,7 columns=2 rows=2", 96 + 60, 10,
	  "c3", "9" },
	{ "Overlay", "level=c3 view=overlay", 10, 10, nullptr, nullptr },
	{ "Pca", "level=c3 view=pca", 10, 10, nullptr, nullptr },
	{ "Left", "level=c3 columns=2 rows=2", -0.5, 10, nullptr, nullptr },
	{ "Above", "level=c3 columns=2 rows=2", 10, -1, nullptr, nullptr },
	{ "Right", "level=c3 columns=2 rows=2", 96, 10, nullptr, nullptr },
	{ "Below", "level=c3 columns=2 rows=2", 10, 64, nullptr, nullptr },
	{ "FarAway", "level=c3 columns=2 rows=2", 1e300, -1e300, nullptr, nullptr },
	{ "NoNumber", "level=c3 columns=2 rows=2", std::numeric_limits<double>::quiet_NaN(), 0,
	  nullptr, nullptr },
	{ "Infinite", "level=c3 columns=2 rows=2", 0, std::numeric_limits<double>::infinity(),
	  nullptr, nullptr },
};

class Click : public testing::TestWithParam<Place>
{
};

TEST_P(Click, ShowsTheChannelAloneAndAnotherGoesBack)
{
	const Place &place = GetParam();
	Window window(place.properties);
	window.setInput(width, height);
	const Bytes first = window.picture();
	const auto before = window.settings();
	window.passedOn();
	window.countEvents(GST_EVENT_CAPS);
	window.click(place.x, place.y);
	if (!place.channel) {
		EXPECT_EQ(window.passedOn(), 1);
		EXPECT_EQ(window.settings(), before);
		return;
	}
	EXPECT_EQ(window.passedOn(), 0);
	EXPECT_EQ(window.setting("view"), "side-by-side");
	EXPECT_EQ(window.get("level"), place.level);
	EXPECT_EQ(window.get("channels"), place.channel);
	EXPECT_EQ(window.setting("columns"), "1");
	EXPECT_EQ(window.setting("rows"), "1");
	EXPECT_TRUE(window.picture() == pictureOf(closeUpOf(place.level, place.channel)));
	EXPECT_LE(window.countEvents(GST_EVENT_CAPS), 1);

	window.click(3, 3);
	EXPECT_EQ(window.passedOn(), 0);
	EXPECT_EQ(window.settings(), before);
	const Bytes again = window.picture();
	if (before.at("view") != "timeline") {
		EXPECT_TRUE(again == first) << "the frames are all the same";
	}
	EXPECT_EQ(again.size(), first.size());
	EXPECT_LE(window.countEvents(GST_EVENT_CAPS), 1);
	EXPECT_TRUE(window.messages(GST_MESSAGE_ERROR).empty());
}

INSTANTIATE_TEST_SUITE_P(Places, Click, testing::ValuesIn(places),
                         [](const auto &info) { return info.param.name; });

/* Caps that are fixed stay, and the tiles are where they lie amid them. */
TEST(CloseUp, KeepsASizeThatIsFixed)
{
	const char *caps = "video/x-raw,format=RGB,width=160,height=64";
	Window window("level=c3 channels=5,9,2,7 columns=2 rows=2 labels=false", caps);
	window.setInput(width, height);
	const Bytes first = window.picture();
	window.countEvents(GST_EVENT_CAPS);
	window.passedOn();
	window.click(31, 10); /* 32 pixels are free on each side. */
	EXPECT_EQ(window.passedOn(), 1);
	window.click(32 + 48, 10);
	EXPECT_EQ(window.get("channels"), "9");
	EXPECT_TRUE(window.picture() == pictureOf("labels=false " + closeUpOf("c3", "9"), caps));
	window.click(10, 10);
	EXPECT_TRUE(window.picture() == first);
	EXPECT_EQ(window.countEvents(GST_EVENT_CAPS), 0);
	EXPECT_EQ(gst_harness_buffers_received(window.harness()), 3u);
}

/* Which channels are shown is not known beforehand: a click on each tile has to give the channel
 * whose map it is. */
TEST(CloseUp, KnowsRankedChannels)
{
	for (const std::string channels : { "top:4", "var:4", "change:4", "random:4:7" }) {
		Window window("level=c3 labels=false columns=2 rows=2 channels=" + channels,
		              "video/x-raw,format=RGB");
		window.setInput(width, height);
		std::set<std::string> shown;
		for (int tile = 0; tile < 4; ++tile) {
			const Bytes mosaic = window.picture();
			const int left = tile % 2 * 48;
			const int top = tile / 2 * 32;
			window.click(left + 20, top + 20);
			const std::string channel = window.get("channels");
			shown.insert(channel);
			window.picture();
			window.click(1, 1);
			EXPECT_EQ(window.get("channels"), channels);

			const Bytes alone = pictureOf(
				"level=c3 labels=false columns=1 rows=1 channels=" + channel,
				"video/x-raw,format=RGB,width=48,height=32");
			ASSERT_EQ(alone.size(), 48u * 32 * 3);
			for (int y = 0; y < 32; ++y)
				EXPECT_TRUE(
					std::equal(alone.begin() + y * 48 * 3,
				                   alone.begin() + (y + 1) * 48 * 3,
				                   mosaic.begin() + ((top + y) * width + left) * 3))
					<< channels << ", tile " << tile << ", row " << y;
		}
		EXPECT_EQ(shown.size(), 4u) << channels;
	}
}

class WindowTest : public testing::Test
{
protected:
	WindowTest() : window("level=c3 channels=5,9,2,7 columns=2 rows=2 page=0")
	{
		window.setInput(width, height);
		first = window.picture();
	}

	Window window;
	Bytes first;
};

TEST_F(WindowTest, LeavesOtherButtonsAndReleasesToOthers)
{
	const auto before = window.settings();
	window.passedOn();
	window.click(10, 10, 2);
	window.click(10, 10, 3);
	window.send(gst_navigation_event_new_mouse_button_release(1, 10, 10,
	                                                          GST_NAVIGATION_MODIFIER_NONE));
	EXPECT_EQ(window.passedOn(), 3);
	window.set("navigation", "false");
	window.click(10, 10);
	EXPECT_EQ(window.passedOn(), 1);
	EXPECT_EQ(window.settings(), before);
}

TEST_F(WindowTest, ClicksMeanNothingWhereNothingIsShown)
{
	Window fresh;
	fresh.setInput(width, height);
	fresh.passedOn();
	fresh.click(10, 10);
	EXPECT_EQ(fresh.passedOn(), 1);

	gst_element_set_state(window.element(), GST_STATE_READY);
	window.click(10, 10);
	EXPECT_EQ(window.setting("view"), "mosaic") << "it has stopped";
}

TEST_F(WindowTest, WhatIsSetMeanwhileStays)
{
	window.click(60, 10);
	window.picture();
	window.press("c");
	window.set("gamma", "2.0");
	EXPECT_TRUE(window.picture() ==
	            pictureOf("colormap=magma gamma=2 " + closeUpOf("c3", "9")));
	window.press("2");
	EXPECT_TRUE(window.picture() ==
	            pictureOf("colormap=magma gamma=2 " + closeUpOf("c2", "9")));
	window.press("bracketright");
	window.click(60, 10);
	EXPECT_EQ(window.get("channels"), "5,9,2,7");
	EXPECT_EQ(window.setting("page"), "0");
	EXPECT_TRUE(window.picture() == pictureOf("level=c2 channels=5,9,2,7 columns=2 rows=2 "
	                                          "colormap=magma gamma=2"));
}

TEST_F(WindowTest, AnotherPictureHasNoWayBack)
{
	window.click(60, 10);
	window.picture();
	window.set("view", "mosaic");
	window.set("channels", "0-3");
	window.set("columns", "2");
	window.set("rows", "2");
	const Bytes other = window.picture();
	const auto before = window.settings();
	window.click(10, 40);
	EXPECT_EQ(window.get("channels"), "2") << "a first click";
	window.picture();
	window.click(10, 40);
	EXPECT_EQ(window.settings(), before);
	EXPECT_TRUE(window.picture() == other);

	window.click(10, 40);
	window.picture();
	window.press("v");
	window.set("view", "overlay");
	window.picture();
	window.passedOn();
	window.click(10, 40);
	EXPECT_EQ(window.passedOn(), 1);
	EXPECT_EQ(window.setting("view"), "overlay");
}

/* The second comes before a frame does. */
TEST_F(WindowTest, ADoubleClickChangesNothing)
{
	const auto before = window.settings();
	window.click(60, 10);
	window.click(60, 10);
	EXPECT_EQ(window.settings(), before);
	EXPECT_TRUE(window.picture() == first);
}

TEST_F(WindowTest, AClickTellsOfEachPropertyThatItChanges)
{
	std::multiset<std::string> told;
	const Owned<GstPad> src(gst_element_get_static_pad(window.element(), "src"));
	const auto note = +[](GObject *, GParamSpec *spec, gpointer names) {
		static_cast<std::multiset<std::string> *>(names)->insert(spec->name);
	};
	g_signal_connect(src.get(), "notify", G_CALLBACK(note), &told);
	window.click(60, 10);
	EXPECT_EQ(told, (std::multiset<std::string>{ "channels", "columns", "rows", "view" }));
	g_signal_handlers_disconnect_by_data(src.get(), &told);
}

/* A picture that is held does not hold what a click asks for, which is held then. */
TEST(CloseUp, IsOfAFrozenPictureToo)
{
	for (const std::string view : { "mosaic", "side-by-side", "pyramid" }) {
		const std::string properties =
			"level=c3 channels=5,9,2,7 columns=2 rows=2 view=" + view;
		Window window(properties);
		window.setInput(width, height);
		const Bytes first = window.picture(1);
		window.press("f");
		EXPECT_TRUE(window.picture(1) == first);
		const auto before = window.settings();
		const bool isPyramid = view == "pyramid";
		window.click(view == "mosaic" ? 60
		             : isPyramid      ? 60
		                              : 96 + 60,
		             isPyramid ? 101 : 10);
		EXPECT_EQ(window.get("channels"), "9") << view;
		const Bytes closeUp = window.picture(1);
		EXPECT_TRUE(closeUp == pictureOf(closeUpOf("c3", "9"))) << view;
		window.click(1, 1);
		EXPECT_EQ(window.settings(), before);
		EXPECT_TRUE(window.picture(1) == first) << view;
		if (view == "mosaic") {
			EXPECT_TRUE(window.picture(2) == first) << "and is held again";
		}
	}
}

TEST(CloseUp, IsOfThePadWhoseWindowItIs)
{
	Window window("level=c3 columns=2 rows=2");
	window.setInput(width, height);
	Branch branch(window.element());
	setAll(window.element(), "src_0", "level=c2 channels=5,9,2,7 columns=2 rows=2");
	window.picture();
	EXPECT_TRUE(gst_pad_push_event(branch.sink(),
	                               gst_navigation_event_new_mouse_button_press(
					       1, 60, 10, GST_NAVIGATION_MODIFIER_NONE)));
	const auto own = window.settings();
	EXPECT_EQ(own.at("view"), "mosaic");
	gchar *channels = nullptr;
	g_object_get(branch.pad(), "channels", &channels, nullptr);
	EXPECT_STREQ(channels, "9");
	g_free(channels);
	branch.frames();
	window.picture();
	EXPECT_TRUE(branch.frames().at(0).bytes == pictureOf(closeUpOf("c2", "9")));
}

class Steered : public AnyInFlight
{
};
INSTANTIATE_TEST_SUITE_P(InFlight, Steered, AnyInFlight::counts(), AnyInFlight::name);

/* From a thread of its own, as a sink does, while frames go on. */
TEST_P(Steered, LosesNoFrame)
{
	Window window(std::string(GetParam()) + " level=c3 channels=top:4 columns=2 rows=2");
	window.setInput(width, height);
	std::atomic<bool> isOver = false;
	std::thread sink([&] {
		const char *keys[] = {
			"2", "c", "h", "bracketright", "n", "f", "3", "bracketleft"
		};
		for (unsigned i = 0; !isOver; ++i) {
			window.click(i * 7 % width, i * 5 % height);
			if (i % 3 == 0)
				window.press(keys[i / 3 % std::size(keys)]);
			std::this_thread::yield();
		}
	});
	constexpr unsigned frames = 60;
	for (unsigned i = 0; i < frames; ++i)
		EXPECT_EQ(window.push(window.frame(i, i)), GST_FLOW_OK);
	isOver = true;
	sink.join();
	gst_harness_push_event(window.harness(), gst_event_new_eos());
	for (unsigned i = 0; i < frames; ++i) {
		const Owned<GstBuffer> out = window.pull();
		ASSERT_TRUE(out) << i;
		EXPECT_EQ(GST_BUFFER_PTS(out.get()), i * 40 * GST_MSECOND);
	}
	EXPECT_TRUE(window.messages(GST_MESSAGE_ERROR).empty());
}

} /* namespace */
