/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
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
	const auto bare = lettered(draw({ "p3 80x45 /8" }, { -1, 2.5f }, false));
	const auto one = lettered(draw({ "p3 80x45 /8" }, { -1, 2.5f }));
	const auto longer = lettered(draw({ "p3 80x45 /8" }, { -1.25f, 2.5f }));
	EXPECT_GT(one.back(), bare.back() + 20);
	EXPECT_GT(longer.back(), one.back() + 5);
	/* It begins near enough to be read as one line, and apart from it. */
	const auto next = std::ranges::upper_bound(one, bare.back());
	EXPECT_GT(*next, bare.back() + 2);
	EXPECT_LT(*next, bare.back() + 30);
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
