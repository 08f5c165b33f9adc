/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "frame/output.h"
#include "view/draw.h"
#include "view/mosaic.h"
#include "view/rangetext.h"
#include "view/statistics.h"

using namespace fm;

namespace {

constexpr float notNumber = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

/* An RGB frame of one row, and its pixels. */
struct Row {
	explicit Row(int width) : pixels(std::size_t{ 3 } * width, 77) {}

	Frame frame()
	{
		const int width = static_cast<int>(pixels.size()) / 3;
		return { PixelFormat::Rgb, { width, 1 }, { { pixels.data(), 3 * width } }, {}, {} };
	}

	std::vector<int> reds() const
	{
		std::vector<int> reds;
		for (std::size_t i = 0; i < pixels.size(); i += 3)
			reds.push_back(pixels[i]);
		return reds;
	}

	std::vector<uint8_t> pixels;
};

MosaicLayout oneTile(int width)
{
	return { { width, 1 }, { width, 1 }, { 1, 1, 0 }, 0, 0 };
}

MapView mapOf(const std::vector<float> &values)
{
	const int count = static_cast<int>(values.size());
	return { values.data(), count, 1, count, 1 };
}

/* Gray levels of a row of \a width pixels drawn from one row of \a values. */
std::vector<int> drawRow(const std::vector<float> &values, int width, Range range,
                         Interpolation interpolation = Interpolation::Nearest, float gamma = 1.0f)
{
	Row row(width);
	drawMosaic({ oneTile(width),
	             { Colormap::Gray, gamma, interpolation },
	             { { mapOf(values), range, nullptr } } },
	           row.frame());
	return row.reds();
}

/* The gray levels of a mosaic of one tile, for frames one after the other. */
class OneTile
{
public:
	explicit OneTile(Normalize normalize)
	{
		settings_.normalize = normalize;
		settings_.colormap = Colormap::Gray;
		settings_.channels = "0";
		settings_.labels = false;
	}

	std::vector<int> draw(const std::vector<float> &values)
	{
		const int count = static_cast<int>(values.size());
		const FeatureMaps maps = { values.data(), 1, 1, count, count, count, 1 };
		mosaic_.update({ "c1", "", 1, 2 }, maps, ChannelSet::all(), { 0 }, settings_);
		Row row(count);
		drawMosaic(mosaic_.picture(maps, settings_, oneTile(count)), row.frame());
		return row.reds();
	}

private:
	Mosaic mosaic_;
	ViewSettings settings_;
};

} /* namespace */

TEST(Draw, TakesTheNearestValueFromTheFloorOfItsPlace)
{
	EXPECT_EQ(drawRow({ 0, 1 }, 5, { 0, 1 }), (std::vector{ 0, 0, 0, 255, 255 }));
	EXPECT_EQ(drawRow({ 0, 1, 0, 1 }, 2, { 0, 1 }), (std::vector{ 0, 0 }));
}

TEST(Draw, InterpolatesBetweenHalfPixelCentresAndClampsAtTheEdges)
{
	/* Places -0.25, 0.25, 0.75, 1.25 on the map: t = 0, 0.25, 0.75, 1. */
	EXPECT_EQ(drawRow({ 0, 1 }, 4, { 0, 1 }, Interpolation::Linear),
	          (std::vector{ 0, 64, 192, 255 }));
}

TEST(Draw, AppliesGammaToTheNormalisedValue)
{
	EXPECT_EQ(drawRow({ 0.5f }, 1, { 0, 1 }, Interpolation::Nearest, 2.0f),
	          (std::vector{ 64 }));
}

TEST(Draw, ClampsWhatIsOutOfRange)
{
	EXPECT_EQ(drawRow({ -5, 0.5f, 7 }, 3, { 0, 1 }), (std::vector{ 0, 128, 255 }));
}

TEST(Draw, GivesTheFirstColourWhereTheRangeIsEmpty)
{
	EXPECT_EQ(drawRow({ 3, 3 }, 2, { 3, 3 }), (std::vector{ 0, 0 }));
}

TEST(Draw, GivesBlackWhereTheValueIsNotANumber)
{
	const std::vector<float> values = { notNumber, 1 };
	Row row(2);
	drawMosaic({ oneTile(2),
	             { Colormap::Viridis, 1, Interpolation::Nearest },
	             { { mapOf(values), { 0, 1 }, nullptr } } },
	           row.frame());
	EXPECT_EQ(std::vector<uint8_t>(row.pixels.begin(), row.pixels.begin() + 3),
	          (std::vector<uint8_t>{ 0, 0, 0 }));
	EXPECT_NE(row.pixels[3], 0);
}

TEST(Draw, SurvivesInfiniteValues)
{
	const auto grays = drawRow({ 1, infinity, -infinity }, 3, { -infinity, infinity });
	EXPECT_EQ(grays, (std::vector{ 0, 0, 0 })); /* t is not a number anywhere. */
}

TEST(Statistics, IgnoreWhatIsNotANumber)
{
	const float values[] = { notNumber, 2, -3, notNumber };
	const FeatureMaps planar = { values, 2, 1, 2, 2, 2, 1 };
	EXPECT_EQ(minMax(planar, { 0, 1 }), (std::vector<Range>{ { 2, 2 }, { -3, -3 } }));
	EXPECT_EQ(meanMagnitudes(planar), (std::vector<float>{ 2, 3 }));

	const FeatureMaps alone = { values, 1, 1, 1, 1, 1, 1 };
	EXPECT_EQ(minMax(alone, { 0 }), (std::vector<Range>{ { 0, 0 } }));
	EXPECT_EQ(meanMagnitudes(alone), (std::vector<float>{ 0 }));
}

TEST(Statistics, AreTheSameForEveryLayoutOfMemory)
{
	/* Three channels of 40 x 2 values; channel c holds c, c + 3, c + 6 ... */
	std::vector<float> values(240);
	std::iota(values.begin(), values.end(), 0.0f);
	const FeatureMaps channelsLast = { values.data(), 3, 40, 2, 1, 6, 3 };
	EXPECT_EQ(minMax(channelsLast, { 0, 1, 2 }),
	          (std::vector<Range>{ { 0, 237 }, { 1, 238 }, { 2, 239 } }));
	EXPECT_EQ(minMax(channelsLast, { 2, 0 }), (std::vector<Range>{ { 2, 239 }, { 0, 237 } }));
	EXPECT_EQ(meanMagnitudes(channelsLast), (std::vector<float>{ 118.5f, 119.5f, 120.5f }));
}

TEST(Statistics, OfNoNumbersAreNone)
{
	const float values[] = { notNumber, notNumber };
	const auto sums = sumUp({ values, 1, 1, 2, 2, 2, 1 }, { 0 });
	const LevelStatistics level = summarise("p3", sums);
	EXPECT_EQ(level.channels, 1);
	EXPECT_EQ(level.notNumbers, 2u);
	EXPECT_EQ(level.dead, 1);
	for (const double value :
	     { level.min, level.max, level.mean, level.deviation, level.zeros })
		EXPECT_TRUE(std::isnan(value)) << value;
}

TEST(Statistics, OfInfiniteValuesAreAsNumpys)
{
	/* numpy: mean inf, std nan. */
	const float values[] = { infinity, 1, 2, 3 };
	const LevelStatistics level = summarise("p3", sumUp({ values, 1, 2, 2, 4, 2, 1 }, { 0 }));
	EXPECT_EQ(level.min, 1);
	EXPECT_EQ(level.max, infinity);
	EXPECT_EQ(level.mean, infinity);
	EXPECT_TRUE(std::isnan(level.deviation));
}

TEST(Statistics, CountAChannelOnceForEachLevel)
{
	ShownStatistics shown;
	EXPECT_EQ(shown.claim("p3", std::vector{ 5, 2, 5 }), (std::vector{ 2, 5 }));
	EXPECT_EQ(shown.claim("c2", std::vector{ 5 }), (std::vector{ 5 }));
	EXPECT_EQ(shown.claim("p3", std::vector{ 2, 7 }), (std::vector{ 7 }));

	const float values[] = { 1, 3, 8, 0 };
	const FeatureMaps maps = { values, 2, 1, 2, 2, 2, 1 };
	shown.add("p3", sumUp(maps, { 0 }));
	shown.add("c2", sumUp(maps, { 1 }));
	shown.add("p3", sumUp(maps, { 1 }));
	const auto levels = shown.levels();
	ASSERT_EQ(levels.size(), 2u);
	EXPECT_EQ(levels[0].level, "p3");
	EXPECT_EQ(levels[0].channels, 2);
	EXPECT_EQ(levels[0].mean, 3);
	EXPECT_EQ(levels[0].zeros, 0.25);
	EXPECT_EQ(levels[1].level, "c2");
	EXPECT_EQ(levels[1].mean, 4);
	EXPECT_EQ(levels[1].deviation, 4);
}

TEST(Statistics, OfAChangeAreOfTheDifferenceFromTheFrameBefore)
{
	const float values[] = { 1, -2, 3, notNumber };
	const float before[] = { 4, -2, -1, 7 };
	const FeatureMaps maps = { values, 2, 1, 2, 2, 2, 1 };
	const FeatureMaps mapsBefore = { before, 2, 1, 2, 2, 2, 1 };
	EXPECT_EQ(meanMagnitudes(maps, &mapsBefore), (std::vector<float>{ 1.5f, 4 }));
	/* The frame before may lie otherwise in memory: channels last. */
	const float interleaved[] = { 4, -1, -2, 7 };
	const FeatureMaps channelsLast = { interleaved, 2, 1, 2, 1, 4, 2 };
	EXPECT_EQ(meanMagnitudes(maps, &channelsLast), (std::vector<float>{ 1.5f, 4 }));
}

TEST(Statistics, QuantilesAreLinearBetweenNeighbours)
{
	/* numpy.quantile's definition: position q * (n - 1) = 0.4 and 3.6 among five values. */
	const float values[] = { 40, 0, 30, 10, 20 };
	const Range range = quantiles({ values, 5, 1, 5, 1 }, 0.1, 0.9);
	EXPECT_FLOAT_EQ(range.low, 4);
	EXPECT_FLOAT_EQ(range.high, 36);
	EXPECT_EQ(quantiles({ values, 5, 1, 5, 1 }, 0.0, 1.0), (Range{ 0, 40 }));
}

/* A video of four by two gray pixels. */
std::vector<int> drawVideo(int width)
{
	uint8_t gray[2][12] = { { 0, 0, 0, 10, 10, 10, 20, 20, 20, 31, 31, 31 },
		                { 2, 2, 2, 12, 12, 12, 22, 22, 22, 33, 33, 33 } };
	const Frame video = { PixelFormat::Rgb, { 4, 2 }, { { gray[0], 12 } }, {}, {} };
	Row row(width);
	drawMosaic(videoPicture(oneTile(width), video), row.frame());
	return row.reds();
}

TEST(Video, IsScaledDownToMeansAndUpInBlocks)
{
	EXPECT_EQ(drawVideo(4), (std::vector{ 1, 11, 21, 32 }));
	EXPECT_EQ(drawVideo(2), (std::vector{ 6, 27 })); /* 26.5, halves up. */
	EXPECT_EQ(drawVideo(8), (std::vector{ 1, 1, 11, 11, 21, 21, 32, 32 }));
}

TEST(Mosaic, OfRunningRangesDoesNotFlicker)
{
	OneTile tile(Normalize::Running);
	EXPECT_EQ(tile.draw({ 0, 1, 2 }), (std::vector{ 0, 128, 255 }));
	/* The range was 0..2 and moves by a tenth towards 0..4: to 0..2.2. */
	EXPECT_EQ(tile.draw({ 0, 1, 4 }), (std::vector{ 0, static_cast<int>(256 / 2.2), 255 }));
}

TEST(Mosaic, OfSignedRangesPutsZeroInTheMiddle)
{
	EXPECT_EQ(OneTile(Normalize::Signed).draw({ 0, 1, -4 }), (std::vector{ 128, 160, 0 }));
}

TEST(Draw, GivesTheSamePictureInEveryFormat)
{
	/* Tiles of 5 x 3 at odd places, so that blocks of chroma span tiles and background. */
	const MosaicLayout layout = { { 14, 8 }, { 5, 3 }, { 2, 2, 1 }, 1, 0 };
	std::vector<float> values(4 * 6);
	std::iota(values.begin(), values.end(), 0.0f);
	MosaicPicture picture = { layout, { Colormap::Viridis, 1.0f, Interpolation::Nearest }, {} };
	for (int k = 0; k < 3; ++k)
		picture.tiles.push_back(
			{ { values.data() + 6 * k, 3, 2, 3, 1 }, { 0, 20 }, nullptr });

	std::vector<uint8_t> rgb(3 * 14 * 8), bgrx(4 * 14 * 8), nv12(14 * 8 * 3 / 2);
	drawMosaic(picture, { PixelFormat::Rgb, layout.size, { { rgb.data(), 3 * 14 } }, {}, {} });
	drawMosaic(picture,
	           { PixelFormat::Bgrx, layout.size, { { bgrx.data(), 4 * 14 } }, {}, {} });
	drawMosaic(picture, { PixelFormat::Nv12,
	                      layout.size,
	                      { { nv12.data(), 14 }, { nv12.data() + 14 * 8, 14 } },
	                      {},
	                      {} });

	const auto at = [&](int x, int y) { return rgb.data() + 3 * (14 * y + x); };
	EXPECT_EQ(at(0, 0)[2], 0); /* Background to the left of the first tile, */
	EXPECT_NE(at(1, 0)[2], 0); /* then the tile, whose first colour is no black. */
	EXPECT_EQ(at(7, 4)[2], 0); /* A cell without a tile. */
	for (int y = 0; y < 8; ++y)
		for (int x = 0; x < 14; ++x) {
			const uint8_t *pixel = at(x, y);
			const uint8_t *other = bgrx.data() + 4 * (14 * y + x);
			EXPECT_EQ(pixel[0], other[2]);
			EXPECT_EQ(pixel[2], other[0]);
			EXPECT_EQ(nv12[14 * y + x],
			          roundToByte(rgbToYuv(pixel[0], pixel[1], pixel[2], {}).y));

			float mean[3] = {};
			for (const auto &[dx, dy] :
			     { std::pair{ 0, 0 }, { 1, 0 }, { 0, 1 }, { 1, 1 } })
				for (int c = 0; c < 3; ++c)
					mean[c] += at(x / 2 * 2 + dx, y / 2 * 2 + dy)[c] / 4.0f;
			EXPECT_EQ(nv12[14 * 8 + 14 * (y / 2) + x / 2 * 2],
			          roundToByte(rgbToYuv(mean[0], mean[1], mean[2], {}).u));
		}
}

/* What lies under it is dark, and the letters are white; each panel has its part. */
TEST(Caption, IsOverThePicture)
{
	const auto text = std::make_shared<const Label>(Size{ 200, 100 },
	                                                std::vector<std::string>{ "H" }, 255);
	const Size covered = text->view().size;
	ASSERT_GT(covered.width, 6);
	const Size size = { 60, 40 };
	ASSERT_LT(covered.width, size.width);
	ASSERT_LT(covered.height, size.height);
	const float values[] = { 0.5f, 0.5f };
	const auto draw = [&](Size panel, int left, int top) {
		MosaicPicture picture = { { panel, panel, { 1, 1, 0 }, 0, 0 },
			                  { Colormap::Gray, 1.0f, Interpolation::Nearest },
			                  { { { values, 2, 1, 2, 1 }, { 0, 1 }, nullptr } } };
		picture.caption = { text, left, top };
		std::vector<uint8_t> pixels(std::size_t{ 3 } * panel.width * panel.height);
		drawMosaic(picture, { PixelFormat::Rgb,
		                      panel,
		                      { { pixels.data(), 3 * panel.width } },
		                      {},
		                      {} });
		return pixels;
	};
	const std::vector<uint8_t> whole = draw(size, 0, 0);
	int letters = 0;
	for (int y = 0; y < size.height; ++y)
		for (int x = 0; x < size.width; ++x) {
			const int shade = whole[3 * (y * size.width + x)];
			if (x >= covered.width || y >= covered.height) {
				EXPECT_EQ(shade, 128) << x << "," << y;
				continue;
			}
			EXPECT_EQ(shade, text->view().at(x, y).letters) << x << "," << y;
			letters += shade > 128;
		}
	EXPECT_GT(letters, 10);

	const int left = 4;
	const int top = 5;
	const Size panel = { size.width - left, size.height - top };
	const std::vector<uint8_t> part = draw(panel, left, top);
	for (int y = 0; y < panel.height; ++y)
		EXPECT_TRUE(std::equal(part.begin() + 3 * y * panel.width,
		                       part.begin() + 3 * (y + 1) * panel.width,
		                       whole.begin() + 3 * ((y + top) * size.width + left)))
			<< "row " << y;
}

/* As C does, for floats of every kind; the device has no printf for strings. */
TEST(RangeText, WritesNumbersAsPrintfDoes)
{
	const auto expectSame = [](float value) {
		fm::RangeText text;
		fm::appendNumber(value, text);
		std::string ours;
		for (int i = 0; i < text.length; ++i)
			ours += fm::rangeCharacters[text.glyphs[i]];
		char theirs[32];
		std::snprintf(theirs, sizeof(theirs), "%.3g", value);
		EXPECT_EQ(ours, theirs) << std::hexfloat << value;
	};
	for (const float value : { 0.0f,
	                           -0.0f,
	                           1.0f,
	                           9.995f,
	                           0.9995f,
	                           99.95f,
	                           999.4f,
	                           999.5f,
	                           1000.0f,
	                           1e-4f,
	                           9.9995e-5f,
	                           1.005f,
	                           0.125f,
	                           2.5f,
	                           1.125f,
	                           1e38f,
	                           1e-38f,
	                           std::numeric_limits<float>::max(),
	                           std::numeric_limits<float>::denorm_min(),
	                           std::numeric_limits<float>::infinity(),
	                           -std::numeric_limits<float>::infinity() })
		expectSame(value);
	std::mt19937 random(1);
	for (int i = 0; i < 200000; ++i) {
		const auto value = std::bit_cast<float>(static_cast<uint32_t>(random()));
		if (!std::isnan(value))
			expectSame(value);
	}
}
