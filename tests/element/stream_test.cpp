/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <array>

#include <gst/video/gstvideocodecalphameta.h>

#include "fixture.h"

namespace {

TEST(Stream, BufferMetadataIsKept)
{
	Mosaic mosaic;
	mosaic.setInput(96, 64);
	for (unsigned i = 0; i < 10; ++i) {
		Owned<GstBuffer> buffer = mosaic.frame(i, i);
		GST_BUFFER_DTS(buffer.get()) = GST_BUFFER_PTS(buffer.get()) + 7;
		GST_BUFFER_OFFSET(buffer.get()) = 100 + i;
		GST_BUFFER_OFFSET_END(buffer.get()) = 200 + i;
		GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_MARKER |
		                                          GST_BUFFER_FLAG_CORRUPTED |
		                                          GST_BUFFER_FLAG_DELTA_UNIT);
		ASSERT_EQ(mosaic.push(std::move(buffer)), GST_FLOW_OK);

		ASSERT_EQ(gst_harness_buffers_in_queue(mosaic.harness()), 1u);
		const Owned<GstBuffer> out = mosaic.pull();
		EXPECT_EQ(GST_BUFFER_PTS(out.get()), i * 40 * GST_MSECOND);
		EXPECT_EQ(GST_BUFFER_DTS(out.get()), i * 40 * GST_MSECOND + 7);
		EXPECT_EQ(GST_BUFFER_DURATION(out.get()), 40 * GST_MSECOND);
		EXPECT_EQ(GST_BUFFER_OFFSET(out.get()), 100 + i);
		EXPECT_EQ(GST_BUFFER_OFFSET_END(out.get()), 200 + i);
		EXPECT_EQ(GST_BUFFER_FLAGS(out.get()) & ~GST_BUFFER_FLAG_TAG_MEMORY,
		          static_cast<guint>(GST_BUFFER_FLAG_MARKER | GST_BUFFER_FLAG_CORRUPTED |
		                             GST_BUFFER_FLAG_DELTA_UNIT));
	}
}

Bytes pictureOf(const std::string &properties, const char *format = "RGB")
{
	Mosaic mosaic(properties, "video/x-raw,format=RGB");
	mosaic.setInput(96, 64, format);
	return mosaic.picture();
}

TEST(Preprocessing, TakesOutTheMeanAndDeviationThatAreSet)
{
	const Bytes plain = pictureOf("preprocess=none");
	EXPECT_FALSE(pictureOf("preprocess=imagenet") == plain);
	EXPECT_TRUE(pictureOf("preprocess=imagenet mean=0,0,0 std=1,1,1") == plain);
	EXPECT_TRUE(pictureOf("preprocess=none mean=0.5,0.5,0.5 std=2,2,2") == plain);
}

TEST(Preprocessing, GivesTheNetworkItsOrderOfChannels)
{
	const std::string same = "mean=0.5,0.5,0.5 std=0.5,0.5,0.5 channel-order=";
	const Bytes rgb = pictureOf(same + "rgb");
	EXPECT_FALSE(pictureOf(same + "bgr") == rgb);
	EXPECT_TRUE(pictureOf(same + "bgr", "BGR") == rgb);
	EXPECT_TRUE(pictureOf(same + "auto") == rgb);
}

TEST(Stream, BuffersWithoutTimestampsStayWithoutThem)
{
	Mosaic mosaic;
	mosaic.setInput(96, 64);
	ASSERT_EQ(mosaic.push(noise(mosaic.input(), 1)), GST_FLOW_OK);
	const Owned<GstBuffer> out = mosaic.pull();
	EXPECT_FALSE(GST_BUFFER_PTS_IS_VALID(out.get()));
	EXPECT_FALSE(GST_BUFFER_DTS_IS_VALID(out.get()));
	EXPECT_FALSE(GST_BUFFER_DURATION_IS_VALID(out.get()));
}

TEST(Stream, OnlyMetasThatAreNotTiedToThePixelsAreKept)
{
	Mosaic mosaic;
	mosaic.setInput(96, 64);
	Owned<GstBuffer> buffer = mosaic.frame(0, 1);
	const Owned<GstCaps> clock(gst_caps_from_string("timestamp/x-unix"));
	gst_buffer_add_reference_timestamp_meta(buffer.get(), clock.get(), 42, 7);
	gst_buffer_add_video_region_of_interest_meta(buffer.get(), "face", 1, 2, 3, 4);
	gst_buffer_add_meta(buffer.get(), GST_VIDEO_CROP_META_INFO, nullptr);
	GstVideoOverlayComposition *subtitles = gst_video_overlay_composition_new(nullptr);
	gst_buffer_add_video_overlay_composition_meta(buffer.get(), subtitles);
	gst_video_overlay_composition_unref(subtitles);
	gst_buffer_add_video_codec_alpha_meta(buffer.get(), gst_buffer_new());
	const Owned<GstBuffer> owner(gst_buffer_new());
	gst_buffer_add_parent_buffer_meta(buffer.get(), owner.get());

	ASSERT_EQ(mosaic.push(std::move(buffer)), GST_FLOW_OK);
	const Owned<GstBuffer> out = mosaic.pull();
	const auto *time = gst_buffer_get_reference_timestamp_meta(out.get(), clock.get());
	ASSERT_TRUE(time);
	EXPECT_EQ(time->timestamp, 42u);
	EXPECT_EQ(time->duration, 7u);
	EXPECT_FALSE(gst_buffer_get_video_region_of_interest_meta(out.get()));
	EXPECT_FALSE(gst_buffer_get_video_crop_meta(out.get()));
	EXPECT_FALSE(gst_buffer_get_video_overlay_composition_meta(out.get()));
	EXPECT_FALSE(gst_buffer_get_video_codec_alpha_meta(out.get()));
	EXPECT_FALSE(gst_buffer_get_parent_buffer_meta(out.get()))
		<< "the output holds on to the input's memory";
}

TEST(Stream, CapsChangeUpAndDownInMidStream)
{
	struct Step {
		int width, height, mosaicWidth, mosaicHeight;
	};
	Mosaic mosaic;
	for (const Step &step : { Step{ 96, 64, 96, 48 },
	                          { 192, 128, 192, 96 },
	                          { 48, 32, 48, 24 },
	                          { 96, 64, 96, 48 } }) {
		mosaic.setInput(step.width, step.height);
		for (unsigned seed : { 1, 2 }) {
			const Owned<GstBuffer> out = mosaic.process(seed);
			ASSERT_TRUE(out);
			const GstVideoInfo info = mosaic.output();
			EXPECT_EQ(GST_VIDEO_INFO_WIDTH(&info), step.mosaicWidth);
			EXPECT_EQ(GST_VIDEO_INFO_HEIGHT(&info), step.mosaicHeight);
			EXPECT_EQ(gst_buffer_get_size(out.get()), GST_VIDEO_INFO_SIZE(&info));
		}
	}
	mosaic.setInput(96, 64, "NV12");
	EXPECT_TRUE(mosaic.process(1));
}

TEST(Stream, SegmentIsForwarded)
{
	Mosaic mosaic;
	mosaic.setInput(96, 64);
	GstSegment segment;
	gst_segment_init(&segment, GST_FORMAT_TIME);
	segment.start = 5 * GST_SECOND;
	segment.base = 2 * GST_SECOND;
	segment.rate = 1.5;
	ASSERT_TRUE(gst_harness_push_event(mosaic.harness(), gst_event_new_segment(&segment)));

	const Owned<GstEvent> event(
		gst_pad_get_sticky_event(mosaic.harness()->sinkpad, GST_EVENT_SEGMENT, 0));
	const GstSegment *forwarded = nullptr;
	gst_event_parse_segment(event.get(), &forwarded);
	EXPECT_EQ(forwarded->start, 5 * GST_SECOND);
	EXPECT_EQ(forwarded->base, 2 * GST_SECOND);
	EXPECT_EQ(forwarded->rate, 1.5);
}

TEST(Stream, SegmentInBytesIsNoProblem)
{
	/* As filesrc sends it; main() fails the test where GStreamer complains. */
	Mosaic mosaic;
	mosaic.setInput(96, 64);
	GstSegment segment;
	gst_segment_init(&segment, GST_FORMAT_BYTES);
	gst_harness_push_event(mosaic.harness(), gst_event_new_segment(&segment));
	EXPECT_TRUE(mosaic.process(1));
}

TEST(Stream, FlushForgetsWhatWasLate)
{
	Mosaic mosaic;
	mosaic.setInput(96, 64);
	gst_harness_push_upstream_event(
		mosaic.harness(), gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 2.0, 0, GST_SECOND));
	EXPECT_FALSE(mosaic.process(1));
	mosaic.countEvents(GST_EVENT_UNKNOWN);

	gst_harness_push_event(mosaic.harness(), gst_event_new_flush_start());
	EXPECT_EQ(mosaic.push(mosaic.frame(0, 1)), GST_FLOW_FLUSHING);
	gst_harness_push_event(mosaic.harness(), gst_event_new_flush_stop(TRUE));
	GstSegment segment;
	gst_segment_init(&segment, GST_FORMAT_TIME);
	gst_harness_push_event(mosaic.harness(), gst_event_new_segment(&segment));
	EXPECT_TRUE(mosaic.process(1));

	std::map<GstEventType, int> events;
	while (gst_harness_events_in_queue(mosaic.harness()) > 0) {
		const Owned<GstEvent> event(gst_harness_pull_event(mosaic.harness()));
		++events[GST_EVENT_TYPE(event.get())];
	}
	EXPECT_EQ(events[GST_EVENT_FLUSH_START], 1);
	EXPECT_EQ(events[GST_EVENT_FLUSH_STOP], 1);
	EXPECT_EQ(events[GST_EVENT_SEGMENT], 1);
}

/* A seek from another thread may begin to flush while the element negotiates. */
GstPadProbeReturn flushOnCapsQuery(GstPad *, GstPadProbeInfo *info, gpointer sink)
{
	if (GST_QUERY_TYPE(GST_PAD_PROBE_INFO_QUERY(info)) == GST_QUERY_CAPS)
		gst_pad_send_event(GST_PAD(sink), gst_event_new_flush_start());
	return GST_PAD_PROBE_OK;
}

TEST(Stream, FlushDuringNegotiationIsNoFailureToNegotiate)
{
	Mosaic mosaic;
	mosaic.setInput(96, 64);
	ASSERT_TRUE(mosaic.process(1));
	const Owned<GstPad> sink(gst_element_get_static_pad(mosaic.element(), "sink"));
	gst_pad_add_probe(mosaic.harness()->sinkpad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM,
	                  flushOnCapsQuery, sink.get(), nullptr);
	mosaic.set("rows", "2");
	EXPECT_EQ(mosaic.push(mosaic.frame(1, 1)), GST_FLOW_FLUSHING);
	EXPECT_TRUE(mosaic.messages(GST_MESSAGE_ERROR).empty());
}

TEST(Stream, SeekShowsTheFrameThatWasAskedFor)
{
	const Pipeline pipeline("videotestsrc ! video/x-raw,width=96,height=64,framerate=25/1 ! "
	                        "featuremosaic backbone=mobilenet-v2 ! appsink name=sink");
	pipeline.setState(GST_STATE_PAUSED);
	ASSERT_TRUE(pipeline.wait(GST_MESSAGE_ASYNC_DONE | GST_MESSAGE_ERROR));
	GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline.element()), "sink");
	for (const GstClockTime position : { 4 * GST_SECOND, GST_SECOND }) {
		ASSERT_TRUE(gst_element_seek_simple(
			pipeline.element(), GST_FORMAT_TIME,
			static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE),
			position));
		const Owned<GstMessage> done =
			pipeline.wait(GST_MESSAGE_ASYNC_DONE | GST_MESSAGE_ERROR);
		ASSERT_TRUE(done);
		ASSERT_EQ(GST_MESSAGE_TYPE(done.get()), GST_MESSAGE_ASYNC_DONE);
		GstSample *sample = nullptr;
		g_signal_emit_by_name(sink, "pull-preroll", &sample);
		const Owned<GstSample> shown(sample);
		ASSERT_TRUE(shown);
		EXPECT_EQ(GST_BUFFER_PTS(gst_sample_get_buffer(sample)), position);
	}
	gst_object_unref(sink);
}

TEST(Stream, EosPassesWithNothingSent)
{
	Mosaic mosaic;
	gst_harness_push_event(mosaic.harness(), gst_event_new_eos());
	EXPECT_EQ(mosaic.countEvents(GST_EVENT_EOS), 1);

	const Pipeline pipeline("videotestsrc num-buffers=0 ! video/x-raw,width=96,height=64 ! "
	                        "featuremosaic backbone=mobilenet-v2 ! fakesink");
	EXPECT_FALSE(pipeline.play());
}

TEST(Stream, GapEventsPass)
{
	Mosaic mosaic;
	mosaic.setInput(96, 64);
	ASSERT_TRUE(mosaic.process(1));
	gst_harness_push_event(mosaic.harness(), gst_event_new_gap(GST_SECOND, GST_SECOND));
	EXPECT_EQ(mosaic.countEvents(GST_EVENT_GAP), 1);
	EXPECT_TRUE(mosaic.process(1));
}

struct Latency {
	gboolean live;
	GstClockTime min, max;
};

std::optional<Latency> latencyOf(GstPad *pad)
{
	const Owned<GstQuery> query(gst_query_new_latency());
	Latency latency = {};
	if (!gst_pad_peer_query(pad, query.get()))
		return std::nullopt;
	gst_query_parse_latency(query.get(), &latency.live, &latency.min, &latency.max);
	return latency;
}

TEST(Stream, LatencyIsAtLeastThatOfALiveSource)
{
	Mosaic mosaic;
	mosaic.setInput(96, 64);
	gst_harness_set_upstream_latency(mosaic.harness(), 40 * GST_MSECOND);
	const auto before = latencyOf(mosaic.harness()->sinkpad);
	ASSERT_TRUE(before);
	EXPECT_TRUE(before->live);
	EXPECT_GE(before->min, 40 * GST_MSECOND);

	for (unsigned i = 0; i < 5; ++i)
		ASSERT_TRUE(mosaic.process(i));
	const auto after = latencyOf(mosaic.harness()->sinkpad);
	ASSERT_TRUE(after);
	EXPECT_GT(after->min, 40 * GST_MSECOND) << "the time that the network takes is left out";
	EXPECT_LT(after->min, 5 * GST_SECOND);
	EXPECT_GE(after->max, after->min);
	EXPECT_FALSE(mosaic.messages(GST_MESSAGE_LATENCY).empty());
}

TEST(Stream, LateFramesAreDroppedAndReported)
{
	Mosaic mosaic;
	mosaic.setInput(96, 64);
	ASSERT_TRUE(mosaic.process(1));
	gst_harness_push_upstream_event(
		mosaic.harness(),
		gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 2.0, 500 * GST_MSECOND, GST_SECOND));
	ASSERT_EQ(mosaic.push(mosaic.frame(35, 2)), GST_FLOW_OK); /* At 1.4 s; 1.5 is wanted. */
	EXPECT_FALSE(mosaic.pull());
	ASSERT_EQ(mosaic.push(mosaic.frame(38, 3)), GST_FLOW_OK); /* At 1.52 s. */
	const Owned<GstBuffer> next = mosaic.pull();
	ASSERT_TRUE(next);
	EXPECT_TRUE(GST_BUFFER_IS_DISCONT(next.get()));
	ASSERT_EQ(mosaic.push(mosaic.frame(39, 3)), GST_FLOW_OK);
	const Owned<GstBuffer> afterwards = mosaic.pull();
	ASSERT_TRUE(afterwards);
	EXPECT_FALSE(GST_BUFFER_IS_DISCONT(afterwards.get()));

	const auto messages = mosaic.messages(GST_MESSAGE_QOS);
	ASSERT_EQ(messages.size(), 1u);
	GstFormat format = GST_FORMAT_UNDEFINED;
	guint64 processed = 0;
	guint64 dropped = 0;
	guint64 timestamp = 0;
	gst_message_parse_qos_stats(messages[0].get(), &format, &processed, &dropped);
	gst_message_parse_qos(messages[0].get(), nullptr, nullptr, nullptr, &timestamp, nullptr);
	EXPECT_EQ(format, GST_FORMAT_BUFFERS);
	EXPECT_EQ(processed, 1u);
	EXPECT_EQ(dropped, 1u);
	EXPECT_EQ(timestamp, 1400 * GST_MSECOND);
}

TEST(Stream, WithoutQosNothingIsDropped)
{
	Mosaic mosaic("qos=false");
	mosaic.setInput(96, 64);
	gst_harness_push_upstream_event(
		mosaic.harness(),
		gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 2.0, 0, 100 * GST_SECOND));
	for (unsigned i = 0; i < 5; ++i)
		EXPECT_TRUE(mosaic.process(i));
}

TEST(Stream, IntervalRepeatsThePicture)
{
	Mosaic every;
	Mosaic third("interval=3");
	every.setInput(96, 64);
	third.setInput(96, 64);
	std::array<Bytes, 7> own;
	std::array<Bytes, 7> repeated;
	for (unsigned i = 0; i < 7; ++i) {
		own[i] = every.picture(i);
		repeated[i] = third.picture(i);
	}
	ASSERT_FALSE(own[0] == own[1]) << "the input does not change";
	for (unsigned i = 0; i < 7; ++i)
		EXPECT_TRUE(repeated[i] == own[i / 3 * 3]) << "frame " << i;
}

TEST(Stream, FreezeHoldsThePictureWhileFramesGoOn)
{
	Mosaic mosaic;
	mosaic.setInput(96, 64);
	const Bytes held = mosaic.picture(1);
	mosaic.set("freeze", "true");
	for (unsigned seed = 2; seed < 6; ++seed) {
		const Owned<GstBuffer> out = mosaic.process(seed);
		ASSERT_TRUE(out);
		EXPECT_EQ(GST_BUFFER_PTS(out.get()), (seed - 1) * 40 * GST_MSECOND);
		EXPECT_TRUE(bytesOf(out.get()) == held);
	}
	mosaic.set("freeze", "false");
	EXPECT_FALSE(mosaic.picture(6) == held);
}

/* The same picture as \a tight, in rows that are longer, planes further apart, and a lead-in. */
Owned<GstBuffer> padded(const GstVideoInfo &info, GstBuffer *tight)
{
	const Bytes from = bytesOf(tight);
	gsize offsets[GST_VIDEO_MAX_PLANES] = {};
	gint strides[GST_VIDEO_MAX_PLANES] = {};
	gsize size = 48;
	const auto planes = GST_VIDEO_INFO_N_PLANES(&info);
	const auto rows = [&](guint p) { return p == 0 ? info.height : (info.height + 1) / 2; };
	for (guint p = 0; p < planes; ++p) {
		offsets[p] = size;
		strides[p] = GST_VIDEO_INFO_PLANE_STRIDE(&info, p) + 36;
		size += static_cast<gsize>(strides[p]) * rows(p) + 100;
	}
	Bytes to(size, 0xe7);
	for (guint p = 0; p < planes; ++p)
		for (int y = 0; y < rows(p); ++y)
			std::memcpy(&to[offsets[p] + static_cast<gsize>(y) * strides[p]],
			            &from[GST_VIDEO_INFO_PLANE_OFFSET(&info, p) +
			                  static_cast<gsize>(y) *
			                          GST_VIDEO_INFO_PLANE_STRIDE(&info, p)],
			            GST_VIDEO_INFO_PLANE_STRIDE(&info, p));
	Owned<GstBuffer> buffer(gst_buffer_new_memdup(to.data(), to.size()));
	gst_buffer_add_video_meta_full(buffer.get(), GST_VIDEO_FRAME_FLAG_NONE,
	                               GST_VIDEO_INFO_FORMAT(&info), info.width, info.height,
	                               planes, offsets, strides);
	return buffer;
}

TEST(Stream, PaddedRowsGiveTheSamePicture)
{
	for (const char *format : { "RGB", "NV12", "I420", "GRAY8" }) {
		Mosaic mosaic;
		mosaic.setInput(97, 61, format);
		const Bytes expected = mosaic.picture(1);
		const Owned<GstBuffer> tight = noise(mosaic.input(), 1);
		ASSERT_EQ(mosaic.push(padded(mosaic.input(), tight.get())), GST_FLOW_OK);
		EXPECT_TRUE(bytesOf(mosaic.pull().get()) == expected) << format;
	}
}

/* A frame of \a info whose meta names the size of all its memory, \a width x \a height. */
Owned<GstBuffer> withMetaOf(const GstVideoInfo &info, int width, int height, unsigned seed)
{
	GstVideoInfo all;
	gst_video_info_set_format(&all, GST_VIDEO_INFO_FORMAT(&info), width, height);
	Owned<GstBuffer> buffer(
		gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&all), nullptr));
	gst_buffer_memset(buffer.get(), 0, 0xff, GST_VIDEO_INFO_SIZE(&all));
	gst_buffer_add_video_meta_full(buffer.get(), GST_VIDEO_FRAME_FLAG_NONE,
	                               GST_VIDEO_INFO_FORMAT(&all), width, height,
	                               GST_VIDEO_INFO_N_PLANES(&all), all.offset, all.stride);
	const Owned<GstBuffer> picture = noise(info, seed);
	GstVideoFrame from;
	GstVideoFrame to;
	gst_video_frame_map(&from, &info, picture.get(), GST_MAP_READ);
	gst_video_frame_map(&to, &all, buffer.get(), GST_MAP_WRITE);
	to.info.width = info.width;
	to.info.height = info.height;
	gst_video_frame_copy(&to, &from);
	gst_video_frame_unmap(&to);
	gst_video_frame_unmap(&from);
	return buffer;
}

/* Decoders' memory has the size of whole blocks. */
TEST(Stream, OfAFrameInLargerMemoryThePartThatTheCapsNameIsShown)
{
	for (const char *format : { "RGB", "NV12", "I420", "GRAY8" }) {
		Mosaic mosaic;
		mosaic.setInput(100, 60, format);
		const Bytes expected = mosaic.picture(1);
		ASSERT_EQ(mosaic.push(withMetaOf(mosaic.input(), 112, 64, 1)), GST_FLOW_OK);
		EXPECT_TRUE(bytesOf(mosaic.pull().get()) == expected) << format;
	}
}

} /* namespace */
