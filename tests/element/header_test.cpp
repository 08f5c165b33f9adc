/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The strip above the picture, and the colour bars on its tiles. */
#include <algorithm>

#include "window.h"

namespace {

constexpr int width = 640;
constexpr int height = 360;
constexpr int strip = 24;           /* Of pictures that are as wide as that, or not much wider. */
constexpr int stripSideBySide = 28; /* Of 1120 pixels. */

/* One in RGB, and its rows. */
struct Picture {
	Bytes bytes;
	GstVideoInfo info;

	static Picture next(Mosaic &mosaic, unsigned seed = 1)
	{
		Bytes bytes = mosaic.picture(seed);
		return { std::move(bytes), mosaic.output() };
	}

	int rows() const { return GST_VIDEO_INFO_HEIGHT(&info); }
	/* From row \a first on, \a count of them. */
	Bytes part(int first, int count) const
	{
		const auto stride = std::ptrdiff_t{ GST_VIDEO_INFO_PLANE_STRIDE(&info, 0) };
		return { bytes.begin() + first * stride, bytes.begin() + (first + count) * stride };
	}
	Bytes from(int first) const { return part(first, rows() - first); }
};

Picture fresh(const std::string &properties, const std::string &caps = "")
{
	Mosaic mosaic("level=c3 " + properties, ("video/x-raw,format=RGB" + caps).c_str());
	mosaic.setInput(width, height);
	return Picture::next(mosaic);
}

/* White on black, and not much of it. */
bool isText(const Bytes &rgb)
{
	const auto bright = std::ranges::count_if(rgb, [](uint8_t b) { return b > 200; });
	const auto black = std::ranges::count(rgb, uint8_t{ 0 });
	const auto size = static_cast<std::ptrdiff_t>(rgb.size());
	return bright > 300 && bright < size / 8 && black > size * 3 / 4;
}

class HeaderOf : public testing::TestWithParam<const char *>
{
};

TEST_P(HeaderOf, IsAStripAboveThePicture)
{
	const std::string view = GetParam();
	const Picture bare = fresh(view);
	const Picture headed = fresh(view + " header=true");
	const int strip = view == "view=side-by-side" ? stripSideBySide : ::strip;
	ASSERT_EQ(headed.rows(), bare.rows() + strip);
	EXPECT_EQ(GST_VIDEO_INFO_WIDTH(&headed.info), GST_VIDEO_INFO_WIDTH(&bare.info));
	EXPECT_TRUE(headed.from(strip) == bare.bytes);
	EXPECT_TRUE(isText(headed.part(0, strip)));
}

TEST_P(HeaderOf, TakesItsPartOfASizeThatIsFixed)
{
	const std::string view = GetParam();
	const Picture bare = fresh(view, ",width=800,height=400");
	const Picture headed = fresh(view + " header=true", ",width=800,height=424");
	EXPECT_TRUE(headed.from(strip) == bare.bytes);
	EXPECT_TRUE(isText(headed.part(0, strip)));
}

INSTANTIATE_TEST_SUITE_P(Views, HeaderOf,
                         testing::Values("", "view=overlay", "view=pyramid", "view=pca",
                                         "view=side-by-side", "view=change", "view=timeline",
                                         "normalize=level colorbar=true"),
                         [](const auto &info) { return "View" + std::to_string(info.index); });

TEST(Header, ComesAndGoesWhilePlaying)
{
	Window window("level=c3", "video/x-raw,format=RGB");
	window.setInput(width, height);
	const Picture before = Picture::next(window);
	window.countEvents(GST_EVENT_CAPS);
	window.set("header", "true");
	const Picture headed = Picture::next(window);
	EXPECT_TRUE(headed.bytes == fresh("header=true").bytes);
	EXPECT_EQ(window.countEvents(GST_EVENT_CAPS), 1);
	window.set("header", "false");
	EXPECT_TRUE(Picture::next(window).bytes == before.bytes);
	EXPECT_EQ(window.countEvents(GST_EVENT_CAPS), 1);
	EXPECT_TRUE(window.messages(GST_MESSAGE_WARNING | GST_MESSAGE_ERROR).size() <= 1)
		<< "but for random weights";
}

TEST(Header, NeedsNoNewCapsInASizeThatIsFixed)
{
	Window window("level=c3", "video/x-raw,format=RGB,width=640,height=270");
	window.setInput(width, height);
	const Picture before = Picture::next(window);
	window.countEvents(GST_EVENT_CAPS);
	window.set("header", "true");
	const Picture headed = Picture::next(window);
	EXPECT_EQ(headed.rows(), before.rows());
	EXPECT_TRUE(isText(headed.part(0, strip)));
	window.set("header", "false");
	EXPECT_TRUE(Picture::next(window).bytes == before.bytes);
	EXPECT_EQ(window.countEvents(GST_EVENT_CAPS), 0);
}

TEST(Header, IsNoneWhereItCouldNotBeRead)
{
	Window window("level=c3", "video/x-raw,format=RGB");
	window.setInput(318, 180);
	const Bytes before = window.picture();
	window.countEvents(GST_EVENT_CAPS);
	window.set("header", "true");
	EXPECT_TRUE(window.picture() == before);
	EXPECT_EQ(window.countEvents(GST_EVENT_CAPS), 0);
}

/* Another range is another text. */
TEST(Header, FollowsTheFrames)
{
	Window window("level=c3 header=true", "video/x-raw,format=RGB");
	window.setInput(width, height);
	const Bytes one = Picture::next(window, 1).part(0, strip);
	EXPECT_TRUE(Picture::next(window, 1).part(0, strip) == one);
	window.set("level", "c4");
	EXPECT_FALSE(Picture::next(window, 1).part(0, strip) == one);
	window.set("level", "c3");
	EXPECT_TRUE(Picture::next(window, 1).part(0, strip) == one);
	window.set("channels", "12-23");
	EXPECT_FALSE(Picture::next(window, 1).part(0, strip) == one);
}

TEST(Header, LeavesAFrozenPictureAsItIs)
{
	Window window("level=c3", "video/x-raw,format=RGB");
	window.setInput(width, height);
	const Picture before = Picture::next(window, 1);
	window.set("freeze", "true");
	EXPECT_TRUE(Picture::next(window, 2).bytes == before.bytes);
	window.set("header", "true");
	EXPECT_TRUE(Picture::next(window, 3).bytes == fresh("header=true").bytes);
	window.set("header", "false");
	EXPECT_TRUE(Picture::next(window, 4).bytes == before.bytes);
}

/* Chroma is of pairs of rows. */
TEST(Header, IsInEachFormat)
{
	for (const char *format : { "RGBA", "BGRx", "NV12", "I420" })
		for (const char *view : { "mosaic", "overlay", "pyramid", "side-by-side" }) {
			SCOPED_TRACE(std::string(format) + " " + view);
			Mosaic mosaic(std::string("level=c3 gap=3 labels=false view=") + view,
			              (std::string("video/x-raw,format=") + format).c_str());
			mosaic.setInput(width, height);
			const auto yRows = [&](const Bytes &bytes, int first, int count) {
				const GstVideoInfo info = mosaic.output();
				const auto stride =
					std::ptrdiff_t{ GST_VIDEO_INFO_PLANE_STRIDE(&info, 0) };
				return Bytes(bytes.begin() + first * stride,
				             bytes.begin() + (first + count) * stride);
			};
			const Bytes bare = mosaic.picture();
			const GstVideoInfo before = mosaic.output();
			const int rows = GST_VIDEO_INFO_HEIGHT(&before);
			const Bytes bareRows = yRows(bare, 0, rows);
			mosaic.set("header", "true");
			const Bytes headed = mosaic.picture();
			const GstVideoInfo after = mosaic.output();
			const int strip =
				view == std::string("side-by-side") ? stripSideBySide : ::strip;
			EXPECT_EQ(GST_VIDEO_INFO_HEIGHT(&after), rows + strip);
			EXPECT_EQ(headed.size(), GST_VIDEO_INFO_SIZE(&after));
			EXPECT_TRUE(yRows(headed, strip, rows) == bareRows);
		}
}

TEST(Header, IsNoTileToClickAt)
{
	Window window("level=c3 channels=5,9,2,7 columns=2 rows=2 header=true");
	window.setInput(width, height);
	window.picture();
	window.passedOn();
	window.click(400, strip - 1);
	EXPECT_EQ(window.passedOn(), 1);
	window.click(400, strip);
	EXPECT_EQ(window.get("channels"), "9");
	window.picture();
	window.click(3, 3); /* Back, from anywhere. */
	EXPECT_EQ(window.get("channels"), "5,9,2,7");
	window.picture();
	window.click(10, strip + 180);
	EXPECT_EQ(window.get("channels"), "2");
	EXPECT_EQ(window.setting("header"), "true");
}

TEST(Header, IsNoTileToClickAtInAPyramid)
{
	Window window("view=pyramid channels=5,9 columns=2 header=true");
	window.setInput(width, height);
	window.picture();
	window.click(400, strip + 180 + 5); /* The first row below the video. */
	EXPECT_EQ(window.get("level"), "c1");
	EXPECT_EQ(window.get("channels"), "9");
}

TEST(Header, IsBelowTheHelp)
{
	Window window("level=c3 labels=false header=true", "video/x-raw,format=RGB");
	window.setInput(width, height);
	const Picture without = Picture::next(window);
	window.press("h");
	const Picture with = Picture::next(window);
	EXPECT_EQ(with.rows(), without.rows());
	EXPECT_FALSE(with.part(0, strip) == without.part(0, strip));
}

class ColorBarOf : public testing::TestWithParam<const char *>
{
};

/* Tiles of 160x90 have one in their last four rows; the pictures are as large as without. */
TEST_P(ColorBarOf, ComesAndGoesWhilePlaying)
{
	Window window(std::string("level=c3 labels=false ") + GetParam(), "video/x-raw,format=RGB");
	window.setInput(width, height);
	const Bytes before = window.picture();
	window.countEvents(GST_EVENT_CAPS);
	window.set("colorbar", "true");
	const Bytes barred = window.picture();
	EXPECT_FALSE(barred == before);
	window.set("colorbar", "false");
	EXPECT_TRUE(window.picture() == before);
	EXPECT_EQ(window.countEvents(GST_EVENT_CAPS), 0);
	ASSERT_EQ(barred.size(), before.size());
}

INSTANTIATE_TEST_SUITE_P(Views, ColorBarOf,
                         testing::Values("", "normalize=level", "normalize=fixed gamma=2",
                                         "view=overlay", "view=pyramid", "view=side-by-side",
                                         "freeze=false gap=4 interpolation=linear"),
                         [](const auto &info) { return "View" + std::to_string(info.index); });

TEST(ColorBar, IsNoneOfComponents)
{
	EXPECT_TRUE(fresh("view=pca colorbar=true").bytes == fresh("view=pca").bytes);
}

} /* namespace */
