/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stats.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "fixture.h"

namespace {

constexpr int width = 160;
constexpr int height = 96;

bool isStats(GstMessage *message)
{
	return gst_message_has_name(message, "featuremosaic-stats");
}

std::vector<Owned<GstMessage>> statsOf(const Mosaic &mosaic)
{
	auto messages = mosaic.messages(GST_MESSAGE_ELEMENT);
	std::erase_if(messages, [](const auto &message) { return !isStats(message.get()); });
	return messages;
}

guint64 number(const GstStructure *structure, const char *field)
{
	guint64 value = 0;
	EXPECT_TRUE(gst_structure_get_uint64(structure, field, &value)) << field;
	return value;
}

guint64 number(const Owned<GstMessage> &message, const char *field)
{
	return number(gst_message_get_structure(message.get()), field);
}

double real(const GstStructure *structure, const char *field)
{
	double value = 0.0;
	EXPECT_TRUE(gst_structure_get_double(structure, field, &value)) << field;
	return value;
}

int integer(const GstStructure *structure, const char *field)
{
	int value = 0;
	EXPECT_TRUE(gst_structure_get_int(structure, field, &value)) << field;
	return value;
}

/* The one level that there is. */
const GstStructure *levelOf(const Owned<GstMessage> &message)
{
	const GValue *levels =
		gst_structure_get_value(gst_message_get_structure(message.get()), "levels");
	if (!levels || gst_value_array_get_size(levels) != 1)
		throw std::runtime_error("not one level");
	return gst_value_get_structure(gst_value_array_get_value(levels, 0));
}

/* What the message says of \a frame must be what torch says of it. */
class Reference
{
public:
	explicit Reference(GstBuffer *frame)
	{
		std::string name = std::filesystem::temp_directory_path() / "featuremosaic-XXXXXX";
		if (!mkdtemp(name.data()))
			throw std::runtime_error("no temporary folder");
		folder_ = name;
		const Bytes bytes = bytesOf(frame);
		std::ofstream(folder_ / "frame.rgb", std::ios::binary)
			.write(reinterpret_cast<const char *>(bytes.data()),
		               static_cast<std::streamsize>(bytes.size()));
		const std::string command =
			std::string("'") + std::getenv("FM_PYTHON") + "' '" +
			std::getenv("FM_SOURCE_ROOT") + "/tests/element/stats_reference.py' '" +
			name + "' " + std::to_string(width) + " " + std::to_string(height) + " 2 9";
		if (std::system(command.c_str()) != 0)
			throw std::runtime_error("stats_reference.py failed");
		std::ifstream(folder_ / "expected") >> channels >> min >> max >> mean >>
			deviation >> zeros;
	}
	~Reference() { std::filesystem::remove_all(folder_); }
	Reference(const Reference &) = delete;
	Reference &operator=(const Reference &) = delete;

	std::string weights() const { return folder_ / "weights.pth"; }

	int channels = 0;
	double min = 0, max = 0, mean = 0, deviation = 0, zeros = 0;

private:
	std::filesystem::path folder_;
};

TEST(Stats, AreOffUntilTheyAreAskedFor)
{
	Mosaic mosaic;
	mosaic.setInput(width, height);
	for (unsigned i = 0; i < 3; ++i)
		ASSERT_TRUE(mosaic.process(i));
	EXPECT_TRUE(statsOf(mosaic).empty());

	mosaic.set("stats-interval", "1000000");
	ASSERT_TRUE(mosaic.process(3));
	EXPECT_EQ(statsOf(mosaic).size(), 1u) << "on the next frame";
	ASSERT_TRUE(mosaic.process(4));
	EXPECT_TRUE(statsOf(mosaic).empty()) << "before the interval is over";

	mosaic.set("stats-interval", "0");
	ASSERT_TRUE(mosaic.process(5));
	EXPECT_TRUE(statsOf(mosaic).empty());
}

TEST(Stats, ComeAfterTheInterval)
{
	Mosaic mosaic("stats-interval=100");
	mosaic.setInput(width, height);
	std::size_t count = 0;
	const gint64 start = g_get_monotonic_time();
	/* A slow machine's frames may be longer apart than the interval. */
	for (unsigned i = 0; g_get_monotonic_time() - start < G_USEC_PER_SEC || i < 3; ++i) {
		ASSERT_TRUE(mosaic.process(i));
		count += statsOf(mosaic).size();
	}
	const gint64 elapsed = g_get_monotonic_time() - start;
	EXPECT_GE(count, 2u);
	EXPECT_LE(count, static_cast<std::size_t>(elapsed / 100000) + 1);
}

TEST(Stats, AreTorchsOfTheMapsThatAreShown)
{
	Mosaic frames;
	frames.setInput(width, height);
	const Owned<GstBuffer> frame = frames.frame(0, 7);
	const Reference expected(frame.get());

	Mosaic mosaic("precision=float32 stats-interval=1000000 level=c3 channels=2-9,5 weights=" +
	              expected.weights());
	mosaic.setInput(width, height);
	ASSERT_TRUE(mosaic.process(7));
	const auto messages = statsOf(mosaic);
	ASSERT_EQ(messages.size(), 1u);
	const GstStructure *level = levelOf(messages[0]);
	EXPECT_STREQ(gst_structure_get_string(level, "name"), "c3");
	EXPECT_EQ(expected.channels, 8);
	EXPECT_EQ(integer(level, "channels"), expected.channels);
	const double tolerance = 1e-4 * std::max(std::abs(expected.min), std::abs(expected.max));
	EXPECT_NEAR(real(level, "min"), expected.min, tolerance);
	EXPECT_NEAR(real(level, "max"), expected.max, tolerance);
	EXPECT_NEAR(real(level, "mean"), expected.mean, tolerance);
	EXPECT_NEAR(real(level, "std"), expected.deviation, tolerance);
	EXPECT_NEAR(real(level, "zeros"), expected.zeros, 1e-3);
	EXPECT_EQ(number(level, "nan"), 0u);
	EXPECT_EQ(integer(level, "dead"), 0);
}

TEST(Stats, FollowTheView)
{
	Mosaic mosaic("stats-interval=1 level=c2 channels=0-3");
	mosaic.setInput(width, height);
	ASSERT_TRUE(mosaic.process(1));
	const auto before = statsOf(mosaic);
	ASSERT_EQ(before.size(), 1u);
	mosaic.set("level", "c4");
	mosaic.set("channels", "top:5");
	g_usleep(2000);
	ASSERT_TRUE(mosaic.process(1));
	const auto after = statsOf(mosaic);
	ASSERT_EQ(after.size(), 1u);
	EXPECT_STREQ(gst_structure_get_string(levelOf(before[0]), "name"), "c2");
	EXPECT_EQ(integer(levelOf(before[0]), "channels"), 4);
	EXPECT_STREQ(gst_structure_get_string(levelOf(after[0]), "name"), "c4");
	EXPECT_EQ(integer(levelOf(after[0]), "channels"), 5);
}

TEST(Stats, CountFramesAndTellTheirTime)
{
	Mosaic mosaic;
	mosaic.setInput(width, height);
	ASSERT_TRUE(mosaic.process(1));
	gst_harness_push_upstream_event(
		mosaic.harness(),
		gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 2.0, 500 * GST_MSECOND, GST_SECOND));
	ASSERT_EQ(mosaic.push(mosaic.frame(35, 2)), GST_FLOW_OK); /* At 1.4 s; 1.5 is wanted. */
	ASSERT_FALSE(mosaic.pull());

	mosaic.set("stats-interval", "1");
	const gint64 start = g_get_monotonic_time();
	ASSERT_EQ(mosaic.push(mosaic.frame(40, 3)), GST_FLOW_OK);
	const auto elapsed = static_cast<guint64>(g_get_monotonic_time() - start + 1) * GST_USECOND;
	const auto messages = statsOf(mosaic);
	ASSERT_EQ(messages.size(), 1u);
	EXPECT_EQ(number(messages[0], "frames-in"), 3u);
	EXPECT_EQ(number(messages[0], "frames-out"), 2u);
	EXPECT_EQ(number(messages[0], "frames-dropped"), 1u);
	EXPECT_EQ(number(messages[0], "running-time"), 1600 * GST_MSECOND);
	EXPECT_EQ(number(messages[0], "stream-time"), 1600 * GST_MSECOND);
	/* Of one frame. */
	EXPECT_EQ(number(messages[0], "time-mean"), number(messages[0], "time-p95"));
	EXPECT_GT(number(messages[0], "time-mean"), 0u);
	EXPECT_LE(number(messages[0], "time-mean"), elapsed);
}

TEST(Stats, BeginAnewAfterAFlush)
{
	Mosaic mosaic("stats-interval=1000000");
	mosaic.setInput(width, height);
	ASSERT_TRUE(mosaic.process(1));
	ASSERT_TRUE(mosaic.process(2));
	EXPECT_EQ(statsOf(mosaic).size(), 1u);

	gst_harness_push_event(mosaic.harness(), gst_event_new_flush_start());
	gst_harness_push_event(mosaic.harness(), gst_event_new_flush_stop(TRUE));
	GstSegment segment;
	gst_segment_init(&segment, GST_FORMAT_TIME);
	segment.start = segment.position = 10 * GST_SECOND;
	segment.time = 30 * GST_SECOND;
	gst_harness_push_event(mosaic.harness(), gst_event_new_segment(&segment));
	ASSERT_EQ(mosaic.push(mosaic.frame(255, 1)), GST_FLOW_OK); /* At 10.2 s. */
	const auto messages = statsOf(mosaic);
	ASSERT_EQ(messages.size(), 1u);
	EXPECT_EQ(number(messages[0], "frames-in"), 1u);
	EXPECT_EQ(number(messages[0], "frames-out"), 1u);
	EXPECT_EQ(number(messages[0], "running-time"), 200 * GST_MSECOND);
	EXPECT_EQ(number(messages[0], "stream-time"), 30200 * GST_MSECOND);
}

TEST(Stats, ComeWithFramesInFlight)
{
	const Pipeline pipeline("videotestsrc num-buffers=30 ! " + rawCaps(width, height) +
	                        " ! featuremosaic backbone=mobilenet-v2 max-in-flight=2 "
	                        "stats-interval=1 ! fakesink");
	pipeline.setState(GST_STATE_PLAYING);
	std::vector<Owned<GstMessage>> messages;
	while (true) {
		Owned<GstMessage> message =
			pipeline.wait(GST_MESSAGE_ELEMENT | GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
		ASSERT_TRUE(message);
		ASSERT_NE(GST_MESSAGE_TYPE(message.get()), GST_MESSAGE_ERROR);
		if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS)
			break;
		if (isStats(message.get()))
			messages.push_back(std::move(message));
	}
	ASSERT_GE(messages.size(), 2u);
	for (std::size_t i = 0; i < messages.size(); ++i) {
		EXPECT_GE(number(messages[i], "frames-in"), number(messages[i], "frames-out"));
		EXPECT_EQ(integer(levelOf(messages[i]), "channels"), 12);
		if (i > 0) {
			EXPECT_GT(number(messages[i], "frames-out"),
			          number(messages[i - 1], "frames-out"));
			EXPECT_GT(number(messages[i], "running-time"),
			          number(messages[i - 1], "running-time"));
		}
	}
}

TEST(StatsInterval, IsKeptOnTheAverage)
{
	::Stats stats;
	stats.setInterval(100);
	int count = 0;
	for (gint64 now = 5000; now < 10005000; now += 40000) /* 25 frames a second, for 10 s. */
		count += stats.isDue(now) ? 1 : 0;
	EXPECT_EQ(count, 100);
	EXPECT_TRUE(stats.isDue(20000000)) << "after a pause";
	EXPECT_FALSE(stats.isDue(20040000)) << "what the pause left out is not made up for";
}

TEST(StatsTimes, AreMeanAndNearestRank)
{
	::Stats stats;
	stats.noteOut(1000000); /* Nobody wants to know yet. */
	stats.setInterval(100);
	for (GstClockTime time = 200; time >= 1; --time)
		stats.noteOut(time);
	FrameStats frames = stats.take();
	EXPECT_EQ(frames.out, 201u);
	EXPECT_EQ(frames.meanTime, 100u);
	EXPECT_EQ(frames.p95Time, 190u); /* Of 200 numbers 190 do not exceed it. */

	stats.noteOut(7);
	frames = stats.take();
	EXPECT_EQ(frames.meanTime, 7u);
	EXPECT_EQ(frames.p95Time, 7u);
	frames = stats.take();
	EXPECT_EQ(frames.out, 202u);
	EXPECT_EQ(frames.meanTime, 0u);

	/* Of very many, the last ones. */
	for (int i = 0; i < 100000; ++i)
		stats.noteOut(1000);
	for (int i = 0; i < 5000; ++i)
		stats.noteOut(10);
	EXPECT_EQ(stats.take().meanTime, 10u);
}

} /* namespace */
