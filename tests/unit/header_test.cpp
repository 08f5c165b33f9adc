/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "view/draw.h"
#include "view/header.h"

using namespace fm;

namespace {

/* A picture of one black tile below a header of 24 rows. */
class HeaderTest : public testing::Test
{
protected:
	static constexpr Size tile = { 640, 100 };
	static constexpr int rows = 24;

	std::vector<uint8_t> draw(const std::vector<std::string> &texts, Range range,
	                          bool hasRange = true) const
	{
		const MosaicLayout layout = {
			{ tile.width, tile.height + rows }, tile, { 1, 1, 0 }, 0, rows, rows
		};
		const float values[] = { 0.5f, 0.5f };
		MosaicPicture picture = { layout,
			                  { Colormap::Gray, 1.0f, Interpolation::Nearest },
			                  { { { values, 2, 1, 2, 1 }, { 0, 1 }, nullptr } } };
		picture.header = std::make_shared<const Header>(
			HeaderContent{ { tile.width, rows }, texts, hasRange });
		picture.headerRange = range;
		std::vector<uint8_t> pixels(std::size_t{ 3 } * tile.width * (tile.height + rows));
		drawMosaic(picture, { PixelFormat::Rgb,
		                      layout.size,
		                      { { pixels.data(), 3 * tile.width } },
		                      {},
		                      {} });
		return pixels;
	}

	/* Columns in which there are letters. */
	static std::vector<int> lettered(const std::vector<uint8_t> &pixels)
	{
		std::vector<int> columns;
		for (int x = 0; x < tile.width; ++x)
			for (int y = 0; y < rows; ++y)
				if (pixels[3 * (y * tile.width + x)] > 0) {
					columns.push_back(x);
					break;
				}
		return columns;
	}
};

} /* namespace */

TEST_F(HeaderTest, IsAboveTheTilesAndNoneOfThem)
{
	const auto pixels = draw({ "resnet50-fpn p3 80x45 /8" }, { -1, 2.5f });
	EXPECT_FALSE(lettered(pixels).empty());
	for (std::size_t i = std::size_t{ 3 } * tile.width * rows; i < pixels.size(); ++i)
		ASSERT_EQ(pixels[i], 128);
}

TEST_F(HeaderTest, HasTheRangeBehindTheText)
{
	const std::vector<std::string> text = { "p3 80x45 /8" };
	const int end = Header({ { tile.width, rows }, text, true }).view().text.size.width;
	const auto columns = [&](Range range) { return lettered(draw(text, range)); };
	const auto one = columns({ -1, 2.5f });
	const auto longer = columns({ -1.25f, 2.5f });
	EXPECT_LT(one.front(), 10);
	EXPECT_GT(one.back(), end + 20);
	EXPECT_GT(longer.back(), one.back() + 5);
	/* It begins near enough to be read as one line, and apart from it. */
	const auto first = std::ranges::lower_bound(one, end);
	EXPECT_LT(*first, end + 15);
	EXPECT_GT(*first, *std::prev(first) + 2);
	EXPECT_EQ(lettered(draw(text, { -1, 2.5f }, false)).back(),
	          lettered(draw(text, { 0, 7 }, false)).back());
}

/* Both stand on one line, and are as large. */
TEST_F(HeaderTest, IsWrittenLikeItsRange)
{
	for (const char *text : { "8", "42 88 8" }) {
		const int end =
			Header({ { tile.width, rows }, { text }, true }).view().text.size.width;
		const auto pixels = draw({ text }, { 8, 8 });
		int top[2] = { rows, rows };
		int bottom[2] = { 0, 0 };
		for (int y = 0; y < rows; ++y)
			for (int x = 0; x < tile.width; ++x)
				if (pixels[3 * (y * tile.width + x)] > 0) {
					top[x < end] = std::min(top[x < end], y);
					bottom[x < end] = std::max(bottom[x < end], y);
				}
		EXPECT_EQ(top[0], top[1]) << text;
		EXPECT_EQ(bottom[0], bottom[1]) << text;
		EXPECT_GT(bottom[0], top[0] + 6);
	}
}

TEST_F(HeaderTest, IsTheFirstTextThatCanBeRead)
{
	const std::string endless(500, 'w');
	EXPECT_EQ(draw({ endless, "p3 80x45 /8" }, { 0, 1 }), draw({ "p3 80x45 /8" }, { 0, 1 }));
	EXPECT_NE(draw({ "c2 " + endless, "p3", "c2" }, { 0, 1 }), draw({ "c2" }, { 0, 1 }));
}

TEST_F(HeaderTest, SaysWhatThePanelShows)
{
	const MosaicLayout layout = { { 640, 294 }, { 160, 90 }, { 4, 3, 0 }, 0, 24, 24 };
	const DrawnLevel level = { { "p3", "", 256, 8 } };
	const auto content = [&](View view) {
		return HeaderContent::of(view, layout, { "net A, B", "net" }, level, { 80, 45 });
	};
	using Texts = std::vector<std::string>;
	EXPECT_EQ(content(View::Mosaic).texts,
	          (Texts{ "net A, B p3 80x45 /8", "net p3 80x45 /8", "p3 80x45 /8" }));
	EXPECT_EQ(content(View::Mosaic).strip, (Size{ 640, 24 }));
	EXPECT_TRUE(content(View::Overlay).hasRange);
	EXPECT_FALSE(content(View::Pca).hasRange);
	EXPECT_EQ(content(View::Video).texts, (Texts{ "net A, B", "net" }));
	EXPECT_FALSE(content(View::Video).hasRange);
	EXPECT_EQ(HeaderContent::of(View::Mosaic, layout, {}, level, { 80, 45 }), HeaderContent());
	MosaicLayout without = layout;
	without.header = 0;
	EXPECT_EQ(HeaderContent::of(View::Mosaic, without, { "net" }, level, { 80, 45 }),
	          HeaderContent());
}
