/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "view/boxes.h"
#include "view/channels.h"
#include "view/draw.h"
#include "view/statistics.h"

using namespace fm;

namespace {

InputShape sameSize(Size frame)
{
	return { Preprocess::None, frame, frame };
}

Boxes boxesOf(const std::vector<Region> &regions, Size frame)
{
	return Boxes::of(regions, frame, sameSize(frame));
}

void expectBox(PixelBox box, PixelBox expected)
{
	EXPECT_EQ(box.left, expected.left);
	EXPECT_EQ(box.top, expected.top);
	EXPECT_EQ(box.right, expected.right);
	EXPECT_EQ(box.bottom, expected.bottom);
}

} /* namespace */

TEST(Boxes, AreAllThatTheyTouchOfAMap)
{
	const Boxes boxes = boxesOf({ { 16, 9, 40, 7 } }, { 64, 32 });
	ASSERT_EQ(boxes.count, 1);
	expectBox(boxes.at[0].in({ 64, 32 }), { 16, 9, 56, 16 });
	expectBox(boxes.at[0].in({ 8, 4 }), { 2, 1, 7, 2 });
	expectBox(boxes.at[0].in({ 1, 1 }), { 0, 0, 1, 1 });
}

/* 200x100 becomes 300x150, at the upper left of 320x160; the map has a value for each 8x8 of it. */
TEST(Boxes, FollowTheFrameThroughResizeAndPadding)
{
	const InputShape input = { Preprocess::Detection, { 300, 150 }, { 320, 160 } };
	const std::vector<Region> regions = { { 20, 10, 100, 50 }, { 0, 0, 200, 100 } };
	const Boxes boxes = Boxes::of(regions, { 200, 100 }, input);
	expectBox(boxes.at[0].in({ 40, 20 }), { 30 / 8, 15 / 8, 180 / 8 + 1, 90 / 8 + 1 });
	expectBox(boxes.at[1].in({ 40, 20 }), { 0, 0, 38, 19 }); /* Not what is padding. */
}

TEST(Boxes, AreExactInWholeNumbers)
{
	for (int width = 1; width < 300; ++width)
		for (int x = 0; x < width; x += 1 + width / 20) {
			const int map = (width + 7) / 8;
			const Boxes boxes =
				boxesOf({ { x, 0, (width - x + 1) / 2, 5 } }, { width, 5 });
			const int right = x + (width - x + 1) / 2;
			const PixelBox box = boxes.at[0].in({ map, 1 });
			ASSERT_EQ(box.left, x * map / width) << x << " of " << width;
			ASSERT_EQ(box.right, (right * map + width - 1) / width)
				<< right << " of " << width;
		}
}

TEST(Boxes, AreCutOffWhereTheFrameEnds)
{
	const std::vector<Region> regions = {
		{ -10, -10, 20, 20 }, { 90, 40, 1000, 2147483647 },
		{ 100, 0, 5, 5 },     { -5, 0, 5, 5 },
		{ 3, 3, 0, 9 },       { 3, 3, -2, 9 },
	};
	const Boxes boxes = boxesOf(regions, { 100, 50 });
	ASSERT_EQ(boxes.count, 2) << "of the others nothing is on the frame";
	expectBox(boxes.at[0].in({ 100, 50 }), { 0, 0, 10, 10 });
	expectBox(boxes.at[1].in({ 100, 50 }), { 90, 40, 100, 50 });

	EXPECT_EQ(boxesOf(std::vector<Region>(1000, { 0, 0, 5, 5 }), { 100, 50 }).count,
	          Boxes::most);
}

TEST(Boxes, OfAlmostNothingTouchAValue)
{
	const Boxes boxes = boxesOf({ { 1999, 0, 1, 1 }, { 1000, 0, 1, 1 } }, { 2000, 1 });
	for (int width = 1; width < 100; ++width)
		for (int k = 0; k < 2; ++k) {
			const PixelBox box = boxes.at[k].in({ width, 1 });
			EXPECT_LT(box.left, box.right);
			EXPECT_GE(box.left, 0);
			EXPECT_LE(box.right, width);
		}
}

TEST(Boxes, AreMeasuredAgainstTheRest)
{
	constexpr Size size = { 16, 8 };
	constexpr int channels = 5;
	std::mt19937 random(3);
	std::vector<float> values(channels * size.width * size.height);
	for (float &value : values)
		value = static_cast<float>(random() % 2001) - 1000.0f;
	const FeatureMaps maps = {
		values.data(), channels, size.height, size.width, size.width * size.height,
		size.width,    1
	};
	/* On the map 2..5 x 1..3 and 4..9 x 2..8, which overlap. */
	const Boxes boxes = boxesOf({ { 20, 10, 30, 20 }, { 41, 20, 40, 60 } }, { 160, 80 });
	const std::vector<float> measures = meanMagnitudes(maps, nullptr, boxes);
	for (int channel = 0; channel < channels; ++channel) {
		double sums[2] = {};
		int counts[2] = {};
		for (int y = 0; y < size.height; ++y)
			for (int x = 0; x < size.width; ++x) {
				const bool inFirst = x >= 2 && x < 5 && y >= 1 && y < 3;
				const bool inSecond = x >= 4 && x < 9 && y >= 2 && y < 8;
				const int side = inFirst || inSecond ? 0 : 1;
				sums[side] += std::abs(maps.map(channel).at(x, y));
				++counts[side];
			}
		EXPECT_FLOAT_EQ(measures[channel],
		                static_cast<float>(sums[0] / counts[0] - sums[1] / counts[1]));
	}
	const Boxes whole = boxesOf({ { 0, 0, 160, 80 } }, { 160, 80 });
	EXPECT_EQ(meanMagnitudes(maps, nullptr, whole), meanMagnitudes(maps))
		<< "there is no outside";
}

namespace {

const Level level = { "c1", "", 4, 2 };

ViewSettings topTwo(RankIn rankIn)
{
	ViewSettings settings;
	settings.channels = "top:2";
	settings.rankIn = rankIn;
	return settings;
}

/* What is shown of four channels, frame by frame. */
struct Play {
	/* Whether all channels are asked for; then they are ranked by \a measures. */
	bool frame(RankIn rankIn, bool hasBoxes, const std::vector<float> &measures)
	{
		const auto selection = ChannelSelection::of(topTwo(rankIn), hasBoxes);
		const bool ranks = channels.needed(level, selection, 12, true).isAll();
		if (ranks)
			channels.rank(level, selection, measures);
		shown = channels.next(level, selection, 12);
		return ranks;
	}

	ShownChannels channels;
	std::vector<int> shown;
};

} /* namespace */

TEST(RankIn, RoiIsAsFrameUntilThereAreBoxes)
{
	Play play;
	EXPECT_TRUE(play.frame(RankIn::Roi, false, { 4, 3, 2, 1 }));
	EXPECT_EQ(play.shown, (std::vector{ 0, 1 }));
	EXPECT_FALSE(play.frame(RankIn::Roi, false, {}));
	EXPECT_TRUE(play.frame(RankIn::Roi, true, { -3, -2, 1, -1 })) << "at once";
	EXPECT_EQ(play.shown, (std::vector{ 2, 3 }));
}

TEST(RankIn, RoiOutlastsFramesThatHaveNoBoxes)
{
	Play play;
	play.frame(RankIn::Roi, true, { 1, 2, 3, 4 });
	for (int frame = 0; frame < 50; ++frame) {
		EXPECT_FALSE(play.frame(RankIn::Roi, false, {})) << frame;
		EXPECT_EQ(play.shown, (std::vector{ 3, 2 }));
	}
	EXPECT_TRUE(play.frame(RankIn::Roi, true, { 1, 2, 3, 4 })) << "it was time to";

	int frame = 0;
	while (!play.frame(RankIn::Roi, false, { 9, 8, 2, 1 }))
		ASSERT_LT(++frame, 1000) << "but not for ever";
	EXPECT_GT(frame, 90);
	EXPECT_EQ(play.shown, (std::vector{ 0, 1 })) << "anew, and not by what was in boxes";
}

TEST(RankIn, MayChangeFromFrameToFrame)
{
	Play play;
	play.frame(RankIn::Frame, true, { 4, 3, 2, 1 });
	EXPECT_EQ(play.shown, (std::vector{ 0, 1 }));
	EXPECT_TRUE(play.frame(RankIn::Roi, true, { -1, -2, 1, 2 }));
	EXPECT_EQ(play.shown, (std::vector{ 3, 2 }));
	EXPECT_FALSE(play.frame(RankIn::Roi, true, {}));
	EXPECT_TRUE(play.frame(RankIn::Frame, true, { 4, 3, 2, 1 }));
	EXPECT_EQ(play.shown, (std::vector{ 0, 1 }));
}

/* Differences of means may be below zero: a fifth of that is no lead. */
TEST(RankIn, RoiIsSteadyBelowZeroToo)
{
	ChannelRanking ranking;
	ranking.update(std::vector<float>{ -10.0f, -10.5f }, 1);
	for (int frame = 0; frame < 50; ++frame) {
		ranking.update(std::vector<float>{ -10.0f, -9.0f }, 1);
		EXPECT_EQ(ranking.shown(1), (std::vector{ 0 }));
	}
	for (int frame = 0; frame < 50; ++frame)
		ranking.update(std::vector<float>{ -10.0f, -7.0f }, 1);
	EXPECT_EQ(ranking.shown(1), (std::vector{ 1 }));
}

class Outlines : public testing::TestWithParam<int>
{
};

/* Two tiles, 100 pixels of a frame's 200 to \a width of a tile's. */
TEST_P(Outlines, AreDrawnOnEachTile)
{
	const int width = GetParam();
	const int thickness = width < 320 ? 1 : 2;
	const Size tile = { width, width / 2 };
	const MosaicLayout layout = { { 2 * width + 4, tile.height }, tile, { 2, 1, 4 }, 0, 0 };
	const float values[] = { 0, 1 };
	const MapView map = { values, 2, 1, 2, 1 };
	const MosaicPicture picture = { layout,
		                        { Colormap::Gray, 1.0f, Interpolation::Nearest },
		                        { { map, { 0, 2 }, nullptr }, { map, { 0, 2 }, nullptr } },
		                        nullptr,
		                        View::Mosaic,
		                        {},
		                        boxesOf({ { 20, 10, 100, 50 } }, { 200, 100 }) };
	std::vector<uint8_t> pixels(std::size_t{ 3 } * layout.size.width * layout.size.height);
	drawMosaic(picture, { PixelFormat::Rgb,
	                      layout.size,
	                      { { pixels.data(), 3 * layout.size.width } },
	                      {},
	                      {} });
	const int left = width / 10;
	const int right = width * 6 / 10;
	const int top = width / 20;
	const int bottom = width * 3 / 10;
	for (int y = 0; y < tile.height; ++y)
		for (int x = 0; x < layout.size.width; ++x) {
			const int inX = x < width ? x : x - width - 4;
			int expected = inX < 0 ? 0 : inX < width / 2 ? 0 : 128;
			const bool inside = inX >= left && inX < right && y >= top && y < bottom;
			const bool within = inX >= left + thickness && inX < right - thickness &&
			                    y >= top + thickness && y < bottom - thickness;
			if (inside && !within)
				expected = 255;
			ASSERT_EQ(pixels[3 * (y * layout.size.width + x) + 1], expected)
				<< x << "," << y;
		}
}

INSTANTIATE_TEST_SUITE_P(Sizes, Outlines, testing::Values(40, 300, 320, 400));
