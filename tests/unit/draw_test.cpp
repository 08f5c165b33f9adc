/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "view/draw.h"
#include "view/mosaic.h"
#include "view/statistics.h"

using namespace fm;

namespace {

constexpr float notNumber = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

/* Gray levels of a row of \a width pixels drawn from one row of \a values. */
std::vector<int> drawRow(const std::vector<float> &values, int width, Range range,
                         Interpolation interpolation = Interpolation::Nearest, float gamma = 1.0f)
{
	const int count = static_cast<int>(values.size());
	std::vector<uint8_t> pixels(3 * width);
	drawTile({ values.data(), count, 1, count, 1 },
	         { range, gamma, Colormap::Gray, interpolation },
	         { pixels.data(), width, 1, 3 * width });

	std::vector<int> grays;
	for (int x = 0; x < width; ++x)
		grays.push_back(pixels[3 * x]);
	return grays;
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
		const MosaicLayout layout = { { count, 1 }, { count, 1 }, { 1, 1, 0 }, 0, 0 };
		mosaic_.draw({ "c1", "", 1, 2 }, { values.data(), 1, 1, count, count, count, 1 },
		             settings_, layout, picture_);
		std::vector<int> grays;
		for (int x = 0; x < count; ++x)
			grays.push_back(picture_.view().row(0)[3 * x]);
		return grays;
	}

private:
	Mosaic mosaic_;
	ViewSettings settings_;
	Picture picture_;
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
	std::vector<uint8_t> pixels(6, 77);
	const float values[] = { notNumber, 1 };
	drawTile({ values, 2, 1, 2, 1 }, { { 0, 1 }, 1, Colormap::Viridis, Interpolation::Nearest },
	         { pixels.data(), 2, 1, 6 });
	EXPECT_EQ(std::vector<uint8_t>(pixels.begin(), pixels.begin() + 3),
	          (std::vector<uint8_t>{ 0, 0, 0 }));
	EXPECT_NE(pixels[3], 0);
}

TEST(Draw, SurvivesInfiniteValues)
{
	const auto grays = drawRow({ 1, infinity, -infinity }, 3, { -infinity, infinity });
	EXPECT_EQ(grays, (std::vector{ 0, 0, 0 })); /* t is not a number anywhere. */
}

TEST(Statistics, IgnoreWhatIsNotANumber)
{
	const float values[] = { notNumber, 2, -3, notNumber };
	EXPECT_EQ(minMax({ values, 4, 1, 4, 1 }), (Range{ -3, 2 }));
	EXPECT_EQ(minMax({ values, 1, 1, 1, 1 }), (Range{ 0, 0 }));
	EXPECT_FLOAT_EQ(meanMagnitude({ values, 4, 1, 4, 1 }), 2.5f);
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
