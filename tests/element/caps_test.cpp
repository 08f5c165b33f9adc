/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <ostream>
#include <set>
#include <tuple>

#include "fixture.h"

namespace {

const char *const inputFormats[] = { "NV12", "I420", "RGB",  "BGR",  "RGBA",
	                             "BGRA", "RGBx", "BGRx", "GRAY8" };
const char *const outputFormats[] = { "RGB", "RGBA", "BGRx", "NV12", "I420" };

std::string ofFormat(const char *format)
{
	return std::string("video/x-raw,format=") + format;
}

/* A noise image of gray levels, even in size, in any format: every format can hold it exactly. */
Owned<GstBuffer> grayImage(const GstVideoInfo &info)
{
	Bytes bytes(GST_VIDEO_INFO_SIZE(&info), 128);
	std::mt19937 random(7);
	const bool isGray = GST_VIDEO_INFO_IS_GRAY(&info);
	const int pixel = GST_VIDEO_INFO_IS_RGB(&info) ? GST_VIDEO_INFO_COMP_PSTRIDE(&info, 0) : 1;
	for (int y = 0; y < GST_VIDEO_INFO_HEIGHT(&info); ++y)
		for (int x = 0; x < GST_VIDEO_INFO_WIDTH(&info); ++x) {
			/* Steps of the full range that limited range has too: 0, 51 ... 255. */
			const auto step = static_cast<int>(random() % 6);
			const int value = GST_VIDEO_INFO_IS_RGB(&info) || isGray
			                          ? 51 * step
			                          : 16 + 219 * step / 5;
			auto *at = bytes.data() + y * GST_VIDEO_INFO_PLANE_STRIDE(&info, 0) +
			           x * pixel;
			std::fill(at, at + pixel, static_cast<uint8_t>(value));
		}
	return Owned<GstBuffer>(gst_buffer_new_memdup(bytes.data(), bytes.size()));
}

class Formats : public testing::TestWithParam<std::tuple<const char *, const char *>>
{
};

TEST_P(Formats, NegotiateAndFillABufferOfTheirSize)
{
	const auto [in, out] = GetParam();
	Mosaic mosaic("", ofFormat(out).c_str());
	mosaic.setInput(96, 64, in);
	const Owned<GstBuffer> picture = mosaic.process(1);
	ASSERT_TRUE(picture);

	const GstVideoInfo info = mosaic.output();
	EXPECT_STREQ(gst_video_format_to_string(GST_VIDEO_INFO_FORMAT(&info)), out);
	EXPECT_EQ(GST_VIDEO_INFO_WIDTH(&info), 96);
	EXPECT_EQ(GST_VIDEO_INFO_HEIGHT(&info), 48);
	EXPECT_EQ(gst_buffer_get_size(picture.get()), GST_VIDEO_INFO_SIZE(&info));
	const Bytes bytes = bytesOf(picture.get());
	EXPECT_GT(std::set(bytes.begin(), bytes.end()).size(), 20u) << "an empty picture";
}

INSTANTIATE_TEST_SUITE_P(All, Formats,
                         testing::Combine(testing::ValuesIn(inputFormats),
                                          testing::ValuesIn(outputFormats)),
                         [](const auto &info) {
				 return std::string(std::get<0>(info.param)) + "_to_" +
	                                std::get<1>(info.param);
			 });

TEST(Caps, PackedInputFormatsShowTheSamePicture)
{
	Bytes expected;
	for (const char *format : { "RGB", "BGR", "RGBA", "BGRA", "RGBx", "BGRx" }) {
		Mosaic mosaic;
		mosaic.setInput(32, 16, format);
		const GstVideoFormatInfo *layout = mosaic.input().finfo;
		const int pixel = layout->pixel_stride[0];
		const Owned<GstBuffer> rgb = noise(videoInfo(rawCaps(32, 16)), 1);
		const Bytes from = bytesOf(rgb.get());
		Bytes to(GST_VIDEO_INFO_SIZE(&mosaic.input()), 99);
		for (std::size_t i = 0; i < 32 * 16; ++i)
			for (int c = 0; c < 3; ++c)
				to[i * pixel + layout->poffset[c]] = from[i * 3 + c];
		ASSERT_EQ(
			mosaic.push(Owned<GstBuffer>(gst_buffer_new_memdup(to.data(), to.size()))),
			GST_FLOW_OK);
		const Bytes picture = bytesOf(mosaic.pull().get());
		if (expected.empty())
			expected = picture;
		EXPECT_TRUE(picture == expected) << format;
	}
}

TEST(Caps, GrayInEveryFormatShowsTheSamePicture)
{
	Bytes expected;
	for (const char *format : { "RGB", "GRAY8", "NV12", "I420" }) {
		Mosaic mosaic("labels=false");
		mosaic.setInput(64, 32, format);
		ASSERT_EQ(mosaic.push(grayImage(mosaic.input())), GST_FLOW_OK);
		const Bytes picture = bytesOf(mosaic.pull().get());
		if (expected.empty())
			expected = picture;
		ASSERT_EQ(picture.size(), expected.size());
		/* Limited range has no exact 51, so colours may be a step off. */
		long sum = 0;
		for (std::size_t i = 0; i < picture.size(); ++i)
			sum += std::abs(picture[i] - expected[i]);
		EXPECT_LT(static_cast<double>(sum) / static_cast<double>(picture.size()), 2.0)
			<< format;
	}
}

TEST(Caps, OutputFormatsHoldTheSamePicture)
{
	const auto pictureIn = [](const char *format) {
		Mosaic mosaic("", ofFormat(format).c_str());
		mosaic.setInput(96, 64);
		return mosaic.picture();
	};
	const Bytes rgb = pictureIn("RGB");
	const Bytes rgba = pictureIn("RGBA");
	const Bytes bgrx = pictureIn("BGRx");
	ASSERT_EQ(rgb.size(), 96u * 48 * 3);
	for (std::size_t i = 0; i < rgb.size() / 3; ++i) {
		ASSERT_EQ(rgba[4 * i + 3], 255) << "alpha of pixel " << i;
		for (std::size_t c = 0; c < 3; ++c) {
			ASSERT_EQ(rgba[4 * i + c], rgb[3 * i + c]) << "RGBA, pixel " << i;
			ASSERT_EQ(bgrx[4 * i + 2 - c], rgb[3 * i + c]) << "BGRx, pixel " << i;
		}
	}

	const Bytes nv12 = pictureIn("NV12");
	const Bytes i420 = pictureIn("I420");
	const std::size_t luma = 96 * 48;
	ASSERT_EQ(nv12.size(), luma * 3 / 2);
	EXPECT_TRUE(std::equal(nv12.begin(), nv12.begin() + luma, i420.begin()));
	for (std::size_t i = 0; i < luma / 4; ++i) {
		ASSERT_EQ(nv12[luma + 2 * i], i420[luma + i]) << "U " << i;
		ASSERT_EQ(nv12[luma + 2 * i + 1], i420[luma + luma / 4 + i]) << "V " << i;
	}
}

struct Geometry {
	const char *name;
	int width, height;
	const char *properties;
	const char *fixed; /* Downstream, or null. */
	int mosaicWidth, mosaicHeight;
};

std::ostream &operator<<(std::ostream &stream, const Geometry &geometry)
{
	return stream << geometry.name;
}

/* Worked out by hand from the contract's "Geometry". */
const Geometry geometries[] = {
	{ "Street", 640, 272, "", nullptr, 640, 204 },           /* Tiles of 160x68. */
	{ "HeightIsMadeEven", 320, 180, "", nullptr, 320, 136 }, /* 3 * 45 = 135. */
	{ "OddSides", 97, 61, "", nullptr, 98, 46 },             /* 24x15. */
	{ "HalvesGoUp", 64, 10, "", nullptr, 64, 10 },           /* 16x2.5. */
	{ "Gap", 96, 64, "gap=3", nullptr, 96, 48 },             /* 21x14: 42 + 6. */
	{ "GapOfTwoRows", 100, 50, "columns=3 rows=2 gap=1", nullptr, 100, 34 }, /* 32x16: 33. */
	{ "Portrait", 60, 90, "columns=2 rows=1", nullptr, 60, 46 },             /* 30x45. */
	{ "OneTile", 96, 64, "columns=1 rows=1", nullptr, 96, 64 },
	{ "OnePixel", 1, 1, "columns=1 rows=1", nullptr, 2, 2 },
	{ "NearSquare", 96, 64, "channels=0-8 columns=0 rows=0", nullptr, 96,
	  64 }, /* 3x3, 32x21. */
	{ "ColumnsFromRows", 96, 64, "channels=0-9 columns=0 rows=2", nullptr, 96,
	  26 }, /* 19x13. */
	{ "RowsFromColumns", 96, 64, "channels=0-9 columns=3 rows=0", nullptr, 96,
	  84 }, /* 32x21. */
	{ "EmptyCellsCount", 96, 64, "channels=3", nullptr, 96, 48 },
	{ "WidthFixed", 96, 64, "", "width=200", 200, 100 }, /* 50x33: 99. */
	{ "OddWidthFixed", 96, 64, "", "width=201", 201, 100 },
	{ "HeightFixed", 96, 64, "", "height=96", 192, 96 }, /* 48x32. */
	{ "BothFixed", 96, 64, "", "width=300,height=100", 300, 100 },
	{ "BothFixedAndOdd", 96, 64, "", "width=101,height=75", 101, 75 },
	{ "Header", 640, 272, "header=true", nullptr, 640, 228 },            /* 204 + 24. */
	{ "HeaderOfWide", 1280, 544, "header=true", nullptr, 1280, 440 },    /* 408 + 32. */
	{ "HeaderInWidth", 96, 64, "header=true", "width=320", 320, 184 },   /* 80x53: 159. */
	{ "HeaderInHeight", 96, 64, "header=true", "height=216", 384, 216 }, /* 96x64. */
	{ "HeaderInBoth", 640, 272, "header=true", "width=642,height=99", 642, 99 },
	{ "HeaderIsLeftOut", 96, 64, "header=true", nullptr, 96, 48 },
	{ "AtMost50Wide", 96, 64, "", "width=[2,50]", 50, 24 }, /* 12x8. */
};

class Sizes : public testing::TestWithParam<Geometry>
{
};

TEST_P(Sizes, FollowFromTheVideoAndTheGrid)
{
	const Geometry &geometry = GetParam();
	const std::string fixed = std::string("video/x-raw") + (geometry.fixed ? "," : "") +
	                          (geometry.fixed ? geometry.fixed : "");
	Mosaic mosaic(geometry.properties, fixed.c_str());
	mosaic.setInput(geometry.width, geometry.height);
	ASSERT_TRUE(mosaic.process(1));
	const GstVideoInfo info = mosaic.output();
	EXPECT_EQ(GST_VIDEO_INFO_WIDTH(&info), geometry.mosaicWidth);
	EXPECT_EQ(GST_VIDEO_INFO_HEIGHT(&info), geometry.mosaicHeight);
}

INSTANTIATE_TEST_SUITE_P(Table, Sizes, testing::ValuesIn(geometries),
                         [](const auto &info) { return std::string(info.param.name); });

TEST(Caps, GridIsCentredInASizeFixedDownstream)
{
	/* Tiles of 50x33, so the grid is 200x99 in 300x100. No colour of viridis is black. */
	Mosaic mosaic("labels=false", "video/x-raw,format=RGBA,width=300,height=100");
	mosaic.setInput(96, 64);
	const Bytes picture = mosaic.picture();
	ASSERT_EQ(picture.size(), 300u * 100 * 4);
	for (int y = 0; y < 99; ++y)
		for (int x = 0; x < 300; ++x) {
			const uint8_t *p = &picture[4 * (y * 300 + x)];
			ASSERT_EQ(p[0] == 0 && p[1] == 0 && p[2] == 0, x < 50 || x >= 250)
				<< x << "," << y;
		}
}

TEST(Caps, FrameRateAndPixelAspectRatioPass)
{
	for (const char *rate : { "30000/1001", "0/1" }) {
		Mosaic mosaic;
		mosaic.setInput(std::string("video/x-raw,format=RGB,width=96,height=64,"
		                            "pixel-aspect-ratio=4/3,framerate=") +
		                rate);
		ASSERT_TRUE(mosaic.process(1));
		const GstVideoInfo out = mosaic.output();
		EXPECT_EQ(GST_VIDEO_INFO_FPS_N(&out), GST_VIDEO_INFO_FPS_N(&mosaic.input()));
		EXPECT_EQ(GST_VIDEO_INFO_FPS_D(&out), GST_VIDEO_INFO_FPS_D(&mosaic.input()));
		EXPECT_EQ(GST_VIDEO_INFO_PAR_N(&out), 4);
		EXPECT_EQ(GST_VIDEO_INFO_PAR_D(&out), 3);
	}
}

TEST(Caps, RgbIsPreferredWhereItIsAllowed)
{
	for (const char *allowed : { "{I420,NV12,BGRx,RGBA,RGB}", "{RGB,I420}" }) {
		Mosaic mosaic("", ofFormat(allowed).c_str());
		mosaic.setInput(96, 64);
		ASSERT_TRUE(mosaic.process(1));
		const GstVideoInfo out = mosaic.output();
		EXPECT_EQ(GST_VIDEO_INFO_FORMAT(&out), GST_VIDEO_FORMAT_RGB) << allowed;
	}
}

class NotNegotiated : public testing::TestWithParam<const char *>
{
};

TEST_P(NotNegotiated, EndsTheFlowAndRecovers)
{
	Mosaic mosaic("", GetParam());
	mosaic.setInput(96, 64);
	EXPECT_EQ(mosaic.push(mosaic.frame(0, 1)), GST_FLOW_NOT_NEGOTIATED);
	EXPECT_EQ(mosaic.push(mosaic.frame(1, 1)), GST_FLOW_NOT_NEGOTIATED);
	EXPECT_FALSE(mosaic.pull());

	gst_harness_set_sink_caps_str(mosaic.harness(), "video/x-raw");
	EXPECT_TRUE(mosaic.process(1));
}

INSTANTIATE_TEST_SUITE_P(Downstream, NotNegotiated,
                         testing::Values("video/x-raw,framerate=30/1",
                                         "video/x-raw,pixel-aspect-ratio=2/1",
                                         "video/x-raw,format=GRAY8", "image/jpeg"));

TEST(Caps, SinkTakesAllFormatsAndSizesWhateverIsFixedDownstream)
{
	Mosaic mosaic("", "video/x-raw,format=RGB,width=300,height=100,framerate=25/1");
	const Owned<GstCaps> caps(gst_pad_peer_query_caps(mosaic.harness()->srcpad, nullptr));
	for (const char *format : inputFormats) {
		const Owned<GstCaps> input(gst_caps_from_string(rawCaps(97, 61, format).c_str()));
		EXPECT_TRUE(gst_caps_can_intersect(caps.get(), input.get())) << format;
	}
	const Owned<GstCaps> faster(gst_caps_from_string("video/x-raw,framerate=30/1"));
	EXPECT_FALSE(gst_caps_can_intersect(caps.get(), faster.get()));
}

TEST(Caps, DownstreamMayAskForAnotherSizeWhilePlaying)
{
	Mosaic mosaic("", "video/x-raw,width=200");
	mosaic.setInput(96, 64);
	ASSERT_TRUE(mosaic.process(1));
	gst_harness_set_sink_caps_str(mosaic.harness(), "video/x-raw,width=400");
	ASSERT_TRUE(mosaic.process(2));
	const GstVideoInfo out = mosaic.output();
	EXPECT_EQ(GST_VIDEO_INFO_WIDTH(&out), 400);
}

} /* namespace */
