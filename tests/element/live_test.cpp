/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <atomic>
#include <thread>

#include "fixture.h"

namespace {

/* Tiles are 64 pixels wide: the least that has labels. */
constexpr int width = 256;
constexpr int height = 160;

Bytes freshPicture(const std::string &properties, unsigned seed = 1)
{
	Mosaic mosaic(properties);
	mosaic.setInput(width, height);
	return mosaic.picture(seed);
}

struct Change {
	const char *name, *from, *to;
	bool sameSize;
};

const Change changes[] = {
	{ "level", "c4", "c2", true },
	{ "channels", "0-11", "4-15", true },
	{ "channels", "0-11", "top:12", true },
	{ "channels", "0-11", "var:12", true },
	{ "channels", "0-11", "change:12", true },
	{ "channels", "0-11", "random:12:7", true },
	{ "columns", "4", "3", false },
	{ "rows", "3", "2", false },
	{ "colormap", "viridis", "turbo", true },
	{ "normalize", "tile", "level", true },
	{ "normalize", "tile", "robust", true },
	{ "normalize", "tile", "signed", true },
	{ "normalize", "tile", "fixed", true },
	{ "gamma", "1.0", "2.0", true },
	{ "interpolation", "nearest", "linear", true },
	{ "gap", "0", "8", false }, /* Tiles of 58x36. */
	{ "labels", "true", "false", true },
	{ "colorbar", "false", "true", true },
};

class Live : public testing::TestWithParam<Change>
{
};

TEST_P(Live, ChangeTakesEffectOnTheNextFrame)
{
	const Change &change = GetParam();
	const std::string name = change.name;
	/* In MobileNetV2's c3, a linear bottleneck, values have both signs. */
	const std::string level = name == "level" ? "" : "level=c3 ";
	const Bytes before = freshPicture(level + name + "=" + change.from);
	const Bytes after = freshPicture(level + name + "=" + change.to);
	ASSERT_FALSE(before == after);

	Mosaic mosaic(level + name + "=" + change.from);
	mosaic.setInput(width, height);
	EXPECT_TRUE(mosaic.picture() == before);
	EXPECT_TRUE(mosaic.picture() == before);
	mosaic.countEvents(GST_EVENT_CAPS);
	mosaic.set(change.name, change.to);
	EXPECT_TRUE(mosaic.picture() == after);
	EXPECT_EQ(mosaic.countEvents(GST_EVENT_CAPS), change.sameSize ? 0 : 1);
	mosaic.set(change.name, change.from);
	EXPECT_TRUE(mosaic.picture() == before);
	EXPECT_TRUE(mosaic.messages(GST_MESSAGE_ERROR).empty());
}

INSTANTIATE_TEST_SUITE_P(Properties, Live, testing::ValuesIn(changes), [](const auto &info) {
	std::string name = std::to_string(info.index) + "_" + info.param.name + "_";
	for (const char *c = info.param.to; *c; ++c)
		name += std::isalnum(static_cast<unsigned char>(*c)) ? *c : '_';
	return name;
});

TEST(LiveControl, SettingThePadIsSettingTheElement)
{
	Mosaic mosaic;
	mosaic.setInput(width, height);
	const Owned<GstPad> src(gst_element_get_static_pad(mosaic.element(), "src"));
	gst_util_set_object_arg(G_OBJECT(src.get()), "level", "c2");
	EXPECT_EQ(mosaic.get("level"), "c2");
	EXPECT_TRUE(mosaic.picture() == freshPicture("level=c2"));
}

TEST(LiveControl, PagesAreTurnedWhilePlaying)
{
	Mosaic mosaic("level=c2 channels=all columns=4 rows=2");
	mosaic.setInput(width, height);
	EXPECT_TRUE(mosaic.picture() == freshPicture("level=c2 channels=0-7 rows=2"));
	mosaic.countEvents(GST_EVENT_CAPS);
	mosaic.messages(GST_MESSAGE_ANY);
	const Bytes last = freshPicture("level=c2 channels=16-23 rows=2");
	mosaic.set("page", "1");
	EXPECT_TRUE(mosaic.picture() == freshPicture("level=c2 channels=8-15 rows=2"));
	mosaic.set("page", "2");
	EXPECT_TRUE(mosaic.picture() == last);
	mosaic.set("page", "3");
	EXPECT_TRUE(mosaic.picture() == last) << "beyond the last it stays there";
	EXPECT_EQ(mosaic.countEvents(GST_EVENT_CAPS), 0);

	mosaic.set("rows", "0");
	EXPECT_TRUE(mosaic.picture() == freshPicture("level=c2 channels=all rows=0"))
		<< "a grid for all of them is one page";
	EXPECT_TRUE(mosaic.messages(GST_MESSAGE_WARNING | GST_MESSAGE_ERROR).empty());
}

TEST(LiveControl, PagesGoOnWhileTheNetworkRests)
{
	Mosaic mosaic("level=c2 channels=all interval=1000");
	mosaic.setInput(width, height);
	mosaic.picture();
	mosaic.set("page", "1");
	EXPECT_TRUE(mosaic.picture() == freshPicture("level=c2 channels=12-23"));
}

/* Each of its values is a square of 2x2 pixels in a grid, and of 8x8 alone. */
TEST(LiveControl, OneChannelMayHaveThePictureToItself)
{
	Mosaic mosaic("level=c3 channels=16-27 labels=false");
	mosaic.setInput(width, height);
	const Bytes small = mosaic.picture();
	mosaic.set("columns", "1");
	mosaic.set("rows", "1");
	mosaic.set("channels", "17");
	const Bytes large = mosaic.picture();
	const GstVideoInfo info = mosaic.output();
	ASSERT_EQ(GST_VIDEO_INFO_WIDTH(&info), width);
	ASSERT_EQ(GST_VIDEO_INFO_HEIGHT(&info), height);
	const auto rowBytes = static_cast<std::size_t>(GST_VIDEO_INFO_PLANE_STRIDE(&info, 0));
	for (int y = 0; y < height; ++y)
		for (int x = 0; x < 3 * width; ++x) {
			const int column = x / 3 / 8;
			const std::size_t inSmall =
				y / 8 * 2 * rowBytes + 3 * (64 + 2 * column) + x % 3;
			ASSERT_EQ(large[y * rowBytes + x], small[inSmall]) << x / 3 << "," << y;
		}
}

/* Of a still picture, whose channels neither vary nor change. */
TEST(LiveControl, RankedChannelsStayWhereNothingIsNew)
{
	for (const char *channels : { "var:6", "change:6" }) {
		Mosaic mosaic("level=c3 columns=3 rows=2 normalize=fixed labels=true");
		mosaic.set("channels", channels);
		mosaic.setInput(width, height);
		const Bytes first = mosaic.picture();
		for (int frame = 0; frame < 25; ++frame)
			EXPECT_TRUE(mosaic.picture() == first) << channels << " " << frame;
	}
}

TEST(LiveControl, LevelMayChangeOnEveryFrame)
{
	const char *const levels[] = { "c1", "c2", "c3", "c4", "c5" };
	std::vector<Bytes> expected;
	for (const char *level : levels)
		expected.push_back(freshPicture(std::string("level=") + level));

	Mosaic mosaic("level=c5");
	mosaic.setInput(width, height);
	mosaic.process(1);
	mosaic.countEvents(GST_EVENT_CAPS);
	for (int i = 0; i < 60; ++i) {
		mosaic.set("level", levels[i % 5]);
		ASSERT_TRUE(mosaic.picture() == expected[i % 5]) << "frame " << i;
	}
	EXPECT_EQ(mosaic.countEvents(GST_EVENT_CAPS), 0);
}

TEST(LiveControl, PropertiesMayBeSetFromAnotherThread)
{
	struct Choice {
		const char *name;
		std::vector<const char *> values;
	};
	const Choice choices[] = {
		{ "level", { "c1", "c2", "c3", "c4", "c5" } },
		{ "channels",
		  { "0-11", "15,0", "top:3", "var:3", "change:3", "random:5:1", "all" } },
		{ "page", { "0", "1", "2", "60000" } },
		{ "columns", { "1", "4", "0", "5" } },
		{ "rows", { "1", "2", "3" } },
		{ "colormap", { "viridis", "gray", "coolwarm" } },
		{ "normalize", { "tile", "running", "robust", "level" } },
		{ "interpolation", { "nearest", "linear" } },
		{ "gap", { "0", "1", "3" } },
		{ "labels", { "true", "false" } },
		{ "colorbar", { "false", "true" } },
		{ "header", { "false", "true" } },
		{ "freeze", { "true", "false" } },
		{ "interval", { "1", "2", "4" } },
	};
	Mosaic mosaic("level=c5");
	mosaic.setInput(96, 64);

	std::atomic<bool> stop = false;
	std::atomic<int> sets = 0;
	std::thread setter([&] {
		std::mt19937 random(3);
		while (!stop) {
			const Choice &choice = choices[random() % std::size(choices)];
			mosaic.set(choice.name, choice.values[random() % choice.values.size()]);
			mosaic.get("level");
			++sets;
			if (sets % 16 == 0)
				std::this_thread::yield();
		}
	});
	for (unsigned i = 0; i < 300 || (sets < 5000 && i < 10000); ++i) {
		const Owned<GstBuffer> out = mosaic.process(i);
		const GstVideoInfo info = mosaic.output();
		EXPECT_TRUE(out && gst_buffer_get_size(out.get()) == GST_VIDEO_INFO_SIZE(&info))
			<< "frame " << i;
	}
	stop = true;
	setter.join();
	EXPECT_GE(sets, 5000);
	for (const Report &error : mosaic.reports(GST_MESSAGE_ERROR))
		ADD_FAILURE() << error.sentence;

	for (const Choice &choice : choices)
		mosaic.set(choice.name, choice.values[0]);
	mosaic.set("columns", "4");
	mosaic.set("rows", "3");
	mosaic.set("freeze", "false");
	mosaic.setInput(width, height);
	EXPECT_TRUE(mosaic.picture(7) == freshPicture("level=c1", 7));
}

struct Refusal {
	const char *test, *name, *good, *bad, *sentence;
};

class Refused : public testing::TestWithParam<Refusal>
{
};

TEST_P(Refused, WithAWarningAndTheOldValueStays)
{
	const Refusal &refusal = GetParam();
	Mosaic mosaic(std::string(refusal.name) + "=" + refusal.good);
	mosaic.setInput(width, height);
	const Bytes before = mosaic.picture();
	mosaic.messages(GST_MESSAGE_ANY);

	GValue old = G_VALUE_INIT;
	GValue now = G_VALUE_INIT;
	g_object_get_property(G_OBJECT(mosaic.element()), refusal.name, &old);
	mosaic.set(refusal.name, refusal.bad);
	g_object_get_property(G_OBJECT(mosaic.element()), refusal.name, &now);
	EXPECT_EQ(gst_value_compare(&old, &now), GST_VALUE_EQUAL);
	g_value_unset(&old);
	g_value_unset(&now);

	const auto warnings = mosaic.reports(GST_MESSAGE_WARNING);
	ASSERT_EQ(warnings.size(), 1u);
	EXPECT_NE(warnings[0].sentence.find(refusal.sentence), std::string::npos)
		<< warnings[0].sentence;
	EXPECT_TRUE(mosaic.picture() == before);
	EXPECT_TRUE(mosaic.messages(GST_MESSAGE_ERROR | GST_MESSAGE_WARNING).empty());
}

INSTANTIATE_TEST_SUITE_P(
	Values, Refused,
	testing::Values(
		Refusal{ "Level", "level", "c3", "p9", "c1, c2, c3, c4, c5" },
		Refusal{ "Words", "channels", "0-3", "abc", "0-11" },
		Refusal{ "Nothing", "channels", "0-3", "", "0-11" },
		Refusal{ "Backwards", "channels", "0-3", "9-2", "9-2" },
		Refusal{ "Negative", "channels", "0-3", "-4", "-4" },
		Refusal{ "Huge", "channels", "0-3", "99999999999999999999", "0-11" },
		Refusal{ "NoSeed", "channels", "0-3", "random:4", "random:12:SEED" },
		Refusal{ "ChangeZero", "channels", "0-3", "change:0", "change:12" },
		Refusal{ "TopZero", "channels", "0-3", "top:0", "top:12" },
		Refusal{ "Backbone", "backbone", "mobilenet-v2", "resnet18-fpn", "NULL and READY" },
		Refusal{ "Precision", "precision", "float32", "bfloat16", "NULL and READY" }),
	[](const auto &info) { return std::string(info.param.test); });

TEST(LiveControl, ChannelsBeyondTheLevelLeaveThePictureAsItWas)
{
	Mosaic mosaic("level=c2");
	mosaic.setInput(width, height);
	const Bytes before = mosaic.picture();
	mosaic.messages(GST_MESSAGE_ANY);

	mosaic.set("channels", "0-300");
	for (int i = 0; i < 3; ++i)
		EXPECT_TRUE(mosaic.picture() == before) << "frame " << i;
	const auto warnings = mosaic.reports(GST_MESSAGE_WARNING);
	ASSERT_EQ(warnings.size(), 1u) << "one for the mistake, not one for each frame";
	EXPECT_NE(warnings[0].sentence.find("0-23"), std::string::npos) << warnings[0].sentence;

	mosaic.set("channels", "3,5");
	EXPECT_TRUE(mosaic.picture() == freshPicture("level=c2 channels=3,5"));
	EXPECT_TRUE(mosaic.messages(GST_MESSAGE_WARNING | GST_MESSAGE_ERROR).empty());
}

TEST(LiveControl, TooManyColumnsLeaveThePictureAsItWas)
{
	Mosaic mosaic;
	mosaic.setInput(width, height);
	const Bytes before = mosaic.picture();
	mosaic.messages(GST_MESSAGE_ANY);
	mosaic.set("columns", "500");
	EXPECT_TRUE(mosaic.picture() == before);
	EXPECT_EQ(mosaic.reports(GST_MESSAGE_WARNING).size(), 1u);
	mosaic.set("columns", "4");
	EXPECT_TRUE(mosaic.picture() == before);
}

TEST(LiveControl, SettingsThatDoNotFitSurviveANewInputSize)
{
	Mosaic mosaic("level=c2");
	mosaic.setInput(96, 64);
	ASSERT_TRUE(mosaic.process(1));
	mosaic.set("channels", "0-300");
	ASSERT_TRUE(mosaic.process(1));
	mosaic.setInput(width, height);
	ASSERT_EQ(mosaic.push(mosaic.frame(2, 1)), GST_FLOW_OK);
	EXPECT_TRUE(bytesOf(mosaic.pull().get()) == freshPicture("level=c2"));
	for (const Report &error : mosaic.reports(GST_MESSAGE_ERROR))
		ADD_FAILURE() << error.sentence;
}

TEST(LiveControl, SettingsThatDoNotFitDoNotHideANewSizeDownstream)
{
	Mosaic mosaic("level=c2", "video/x-raw,width=96");
	mosaic.setInput(96, 64);
	ASSERT_TRUE(mosaic.process(1));
	mosaic.set("channels", "0-300");
	gst_harness_set_sink_caps_str(mosaic.harness(), "video/x-raw,width=200");
	EXPECT_TRUE(mosaic.process(1));
	const GstVideoInfo info = mosaic.output();
	EXPECT_EQ(GST_VIDEO_INFO_WIDTH(&info), 200);
}

} /* namespace */
