/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "view/draw.h"
#include "view/mosaic.h"

using namespace fm;

namespace {

/* Three tiles of 153x96 of a picture in RGB: what update() finds of a ramp, of one that is constant
 * and of one in reverse. */
class Bars : public testing::Test
{
protected:
	static constexpr Size tile = { 153, 96 }; /* 152 is 8 * 19. */
	static constexpr int barHeight = 4;       /* 96 / 24 */

	Bars()
	{
		settings.colormap = Colormap::Magma;
		settings.labels = false;
		values.resize(3 * 20);
		for (int x = 0; x < 20; ++x) {
			values[x] = static_cast<float>(x) / 19 * 3 - 1;
			values[20 + x] = 7;
			values[40 + x] = -values[x];
		}
	}

	std::vector<uint8_t> draw(Size size = tile)
	{
		const FeatureMaps maps = { values.data(), 3, 1, 20, 20, 20, 1 };
		Mosaic mosaic;
		mosaic.update({ { "c1", "", 3, 2 } }, maps, ChannelSet::all(), { 0, 1, 2 },
		              settings);
		layout = { { 3 * size.width, size.height }, size, { 3, 1, 0 }, 0, 0 };
		std::vector<uint8_t> pixels(std::size_t{ 9 } * size.width * size.height);
		drawMosaic(mosaic.picture(maps, settings, layout),
		           { PixelFormat::Rgb,
		             layout.size,
		             { { pixels.data(), 3 * layout.size.width } },
		             {},
		             {} });
		return pixels;
	}

	/* Of column \a x of tile \a k, in row \a y. */
	Rgb at(const std::vector<uint8_t> &pixels, int k, int x, int y) const
	{
		const uint8_t *pixel =
			&pixels[3 * (y * layout.size.width + k * layout.tile.width + x)];
		return { pixel[0], pixel[1], pixel[2] };
	}

	/* By the definition, in float64: which of the 256 colours may be at column \a x. */
	static bool isColourOf(Rgb pixel, Colormap colormap, int x, int width, double gamma)
	{
		const double place = 256 * std::pow(static_cast<double>(x) / (width - 1), gamma);
		const auto colour = [&](double entry) {
			return colormapTable(colormap)[std::min(static_cast<int>(entry), 255)];
		};
		return pixel == colour(place) || pixel == colour(place + 1e-3) ||
		       pixel == colour(std::max(place - 1e-3, 0.0));
	}

	ViewSettings settings;
	std::vector<float> values;
	MosaicLayout layout = {};
};

/* A white letter's pixels as rows of text, without what is empty around them. */
std::vector<std::string> trimmed(const std::function<int(int, int)> &letters, int left, int right,
                                 int top, int bottom)
{
	int firstX = right;
	int lastX = left - 1;
	int firstY = bottom;
	int lastY = top - 1;
	for (int y = top; y < bottom; ++y)
		for (int x = left; x < right; ++x)
			if (letters(x, y) > 0) {
				firstX = std::min(firstX, x);
				lastX = std::max(lastX, x);
				firstY = std::min(firstY, y);
				lastY = std::max(lastY, y);
			}
	std::vector<std::string> rows;
	for (int y = firstY; y <= lastY; ++y) {
		std::string &row = rows.emplace_back();
		for (int x = firstX; x <= lastX; ++x)
			row += std::to_string(letters(x, y)) + " ";
	}
	return rows;
}

} /* namespace */

TEST_F(Bars, HaveTheColoursOfTheValuesAlongThem)
{
	for (const double gamma : { 1.0, 2.2, 0.4 }) {
		settings.gamma = gamma;
		settings.colorbar = true;
		const auto barred = draw();
		for (int k : { 0, 2 })
			for (int y = tile.height - barHeight; y < tile.height; ++y)
				for (int x = 0; x < tile.width; ++x)
					ASSERT_TRUE(isColourOf(at(barred, k, x, y), Colormap::Magma,
					                       x, tile.width, gamma))
						<< k << ": " << x << "," << y << " of " << gamma;
		/* Of the ramp of twenty values each has its colour where it is on the bar. */
		for (int value = 0; value < 20; ++value) {
			const int onTile = (value * tile.width + 19) / 20;
			const int onBar = value * (tile.width - 1) / 19;
			EXPECT_EQ(at(barred, 0, onTile, 40), at(barred, 0, onBar, 95)) << value;
		}
		/* Where all is one value, all is in its colour. */
		for (int x = 0; x < tile.width; ++x)
			EXPECT_EQ(at(barred, 1, x, 95), colormapTable(Colormap::Magma)[0]);
	}
}

TEST_F(Bars, CoverNothingElseButWhereTheirEndsAreWritten)
{
	const auto plain = draw();
	settings.colorbar = true;
	const auto barred = draw();
	constexpr int textHeight = 24;
	for (int k = 0; k < 3; ++k)
		for (int y = 0; y < tile.height - barHeight; ++y)
			for (int x = 0; x < tile.width; ++x)
				if (y < tile.height - barHeight - textHeight ||
				    (x > 60 && x < 100)) {
					ASSERT_EQ(at(plain, k, x, y), at(barred, k, x, y))
						<< k << ": " << x << "," << y;
				}
}

/* On tiles as wide as these letters are as large as labels'. The range is 0 to 7, and gray: black
 * where the ends stand, as all but one value are 0. */
TEST_F(Bars, HaveTheirEndsWrittenAtTheirSides)
{
	constexpr Size size = { 400, 200 };
	settings.colorbar = true;
	settings.colormap = Colormap::Gray;
	std::ranges::fill(values, 0.0f);
	values[10] = 7;
	const auto pixels = draw(size);
	const auto letters = [&](int x, int y) { return at(pixels, 0, x, y)[0]; };
	constexpr int top = 150;
	constexpr int bar = 200 - 8;
	for (const auto &[text, left, right] :
	     { std::tuple{ "0", 0, 200 }, std::tuple{ "7", 220, 400 } }) {
		const Label label(size, { text });
		const LabelView view = label.view();
		const auto ofLabel = [&](int x, int y) { return view.at(x, y).letters; };
		const auto expected = trimmed(ofLabel, 0, view.size.width, 0, view.size.height);
		EXPECT_GT(expected.size(), 8u);
		EXPECT_EQ(trimmed(letters, left, right, top, bar), expected) << text;
	}
	int first = 400;
	int last = 0;
	for (int x = 0; x < 400; ++x)
		for (int y = top; y < bar; ++y)
			if (letters(x, y) > 0) {
				first = std::min(first, x);
				last = std::max(last, x);
			}
	EXPECT_LT(first, 8);
	EXPECT_GT(last, 392);
}

TEST_F(Bars, AreOnTheFirstTileAloneWhereAllHaveOneRange)
{
	for (const Normalize normalize : { Normalize::Level, Normalize::Fixed }) {
		settings.normalize = normalize;
		settings.colorbar = false;
		const auto plain = draw();
		settings.colorbar = true;
		const auto barred = draw();
		for (int y = 0; y < tile.height; ++y)
			for (int k : { 1, 2 })
				for (int x = 0; x < tile.width; ++x)
					ASSERT_EQ(at(plain, k, x, y), at(barred, k, x, y));
		EXPECT_TRUE(isColourOf(at(barred, 0, 80, 95), Colormap::Magma, 80, 153, 1));
	}
}

TEST_F(Bars, AreLeftOutWhereTheyWouldMeanNothingOrHideTooMuch)
{
	const auto differs = [&](Size size) {
		settings.colorbar = false;
		const auto plain = draw(size);
		settings.colorbar = true;
		return draw(size) != plain;
	};
	EXPECT_TRUE(differs({ 64, 48 }));
	EXPECT_FALSE(differs({ 63, 48 }));
	EXPECT_TRUE(differs({ 64, 4 }));
	EXPECT_FALSE(differs({ 64, 3 }));
	settings.view = View::Pca;
	EXPECT_FALSE(differs(tile));
}

/* The ends are the range, so the first label has no line of it. */
TEST_F(Bars, TakeThePlaceOfTheRangeInTheLabel)
{
	settings.labels = true;
	settings.colormap = Colormap::Gray;
	std::ranges::fill(values, 0.0f);
	values[10] = 7;
	const auto linesOf = [&](const std::vector<uint8_t> &pixels) {
		int lines = 0;
		bool was = false;
		for (int y = 0; y < 70; ++y) {
			bool is = false;
			for (int x = 0; x < 70; ++x)
				is = is || at(pixels, 0, x, y)[0] > 0;
			lines += is && !was ? 1 : 0;
			was = is;
		}
		return lines;
	};
	EXPECT_EQ(linesOf(draw()), 3);
	settings.colorbar = true;
	EXPECT_EQ(linesOf(draw()), 2);
}

TEST_F(Bars, AreWithoutTheirEndsWhereTheLabelLeavesNoRoom)
{
	constexpr Size low = { 160, 40 };
	settings.labels = true;
	const auto plain = draw(low);
	settings.colorbar = true;
	const auto barred = draw(low);
	for (int k = 0; k < 3; ++k)
		for (int y = 0; y < low.height - barHeight; ++y)
			for (int x = 0; x < low.width; ++x)
				ASSERT_EQ(at(plain, k, x, y), at(barred, k, x, y));
	EXPECT_TRUE(isColourOf(at(barred, 0, 80, 39), Colormap::Magma, 80, 160, 1));
}
