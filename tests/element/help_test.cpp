/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys, written over the picture. */
#include <algorithm>

#include "window.h"

namespace {

constexpr int width = 320;
constexpr int height = 240;

struct Extent {
	int right = 0, bottom = 0; /* Behind the last pixel that differs. */
	std::size_t pixels = 0;
};

/* Where two RGB pictures of the window differ. */
Extent difference(const Window &window, const Bytes &one, const Bytes &other)
{
	const GstVideoInfo info = window.output();
	const int stride = GST_VIDEO_INFO_PLANE_STRIDE(&info, 0);
	Extent extent;
	for (int y = 0; y < GST_VIDEO_INFO_HEIGHT(&info); ++y)
		for (int x = 0; x < GST_VIDEO_INFO_WIDTH(&info); ++x) {
			const std::size_t at = static_cast<std::size_t>(y) * stride + 3 * x;
			if (std::equal(&one[at], &one[at] + 3, &other[at]))
				continue;
			extent.right = std::max(extent.right, x + 1);
			extent.bottom = std::max(extent.bottom, y + 1);
			++extent.pixels;
		}
	return extent;
}

class Help : public testing::TestWithParam<const char *>
{
};

TEST_P(Help, IsOverThePictureUntilItIsPressedAgain)
{
	Window window(GetParam(), "video/x-raw,format=RGB");
	window.setInput(width, height);
	const Bytes without = window.picture();
	window.countEvents(GST_EVENT_CAPS);
	window.press("h");
	EXPECT_EQ(window.setting("help"), "true");
	const Bytes with = window.picture();
	ASSERT_EQ(with.size(), without.size());
	const Extent panel = difference(window, without, with);
	/* Of eight lines, across the panels that the picture is made of, and no more. */
	EXPECT_GT(panel.right, 100);
	EXPECT_GT(panel.bottom, 110);
	EXPECT_LT(panel.right, width);
	EXPECT_LT(panel.bottom, 200);
	EXPECT_GT(panel.pixels, static_cast<std::size_t>(panel.right) * panel.bottom / 3);

	window.press("h");
	EXPECT_EQ(window.setting("help"), "false");
	EXPECT_TRUE(window.picture() == without);
	EXPECT_EQ(window.countEvents(GST_EVENT_CAPS), 0);
	EXPECT_EQ(gst_harness_buffers_received(window.harness()), 3u);
}

INSTANTIATE_TEST_SUITE_P(Views, Help,
                         testing::Values("", "labels=false gap=4", "view=overlay", "view=pca",
                                         "view=pyramid columns=8 channels=0-7", "view=side-by-side",
                                         "freeze=true", "rows=4"),
                         [](const auto &info) { return "View" + std::to_string(info.index); });

/* The same text, whatever lies below: where all is covered darkly letters alone are bright. */
TEST(HelpText, IsThatOfTheWholePictureInEachOfItsPanels)
{
	const auto bright = [](const char *properties) {
		Window window(std::string("help=true labels=false ") + properties,
		              "video/x-raw,format=RGB,width=320,height=240");
		window.setInput(width, height);
		const Bytes picture = window.picture();
		std::vector<bool> letters;
		for (int y = 0; y < 150; ++y)
			for (int x = 0; x < 100; ++x) {
				const uint8_t *pixel = &picture[(y * width + x) * 3];
				letters.push_back(std::min({ pixel[0], pixel[1], pixel[2] }) > 150);
			}
		return letters;
	};
	const std::vector<bool> letters = bright("columns=1 rows=1");
	EXPECT_GT(std::ranges::count(letters, true), 100);
	EXPECT_TRUE(bright("view=pyramid channels=0-7 columns=8") == letters);
	EXPECT_TRUE(bright("view=side-by-side columns=3 rows=2") == letters);
}

TEST(HelpText, IsLeftOutWhereItCouldNotBeRead)
{
	Window window("columns=1 rows=1 labels=false");
	window.setInput(32, 16);
	const Bytes without = window.picture();
	window.press("h");
	EXPECT_TRUE(window.picture() == without);
}

TEST(HelpText, IsInEachFormat)
{
	for (const std::string format : { "RGBA", "BGRx", "NV12", "I420" }) {
		Window window("", ("video/x-raw,format=" + format).c_str());
		window.setInput(width, height);
		const Bytes without = window.picture();
		window.press("h");
		EXPECT_FALSE(window.picture() == without) << format;
	}
}

} /* namespace */
