/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <array>
#include <set>

#include "fixture.h"
#include "weights.h"

namespace {

std::string comparing(const std::string &file, const std::string &properties)
{
	return weightsProperty(Weights::path("good.pth")) + " compare-weights=\"" +
	       Weights::path(file) + "\" level=c3 labels=false " + properties;
}

std::size_t colorsOf(const Bytes &rgb)
{
	std::set<std::array<uint8_t, 3>> colors;
	for (std::size_t i = 0; i + 2 < rgb.size(); i += 3)
		colors.insert({ rgb[i], rgb[i + 1], rgb[i + 2] });
	return colors.size();
}

Bytes pictureOf(const std::string &properties, int width = 192)
{
	Mosaic mosaic(properties, "video/x-raw,format=RGB");
	mosaic.setInput(width, 128);
	return mosaic.picture();
}

} /* namespace */

TEST(Difference, OfACheckpointFromItselfIsNone)
{
	EXPECT_EQ(colorsOf(pictureOf(comparing("good.pth", "view=difference"))), 1u);
	EXPECT_GT(colorsOf(pictureOf(comparing("other.pth", "view=difference"))), 20u);
}

TEST(Difference, MayHaveBothCheckpointsBesideIt)
{
	Mosaic mosaic(comparing("other.pth", "view=difference difference-layout=beside columns=1 "
	                                     "rows=1 channels=5"),
	              "video/x-raw,format=RGB");
	mosaic.setInput(192, 128);
	const Bytes beside = mosaic.picture();
	const GstVideoInfo wide = mosaic.output();
	EXPECT_EQ(GST_VIDEO_INFO_WIDTH(&wide), 192);
	EXPECT_EQ(GST_VIDEO_INFO_HEIGHT(&wide), 44) << "three tiles of 64x43, and a row to be even";

	/* The left one is the first checkpoint's own. */
	Mosaic alone(comparing("other.pth", "columns=1 rows=1 channels=5 colormap=coolwarm "
	                                    "normalize=signed"),
	             "video/x-raw,format=RGB,width=64,height=43");
	alone.setInput(192, 128);
	const Bytes left = alone.picture();
	const GstVideoInfo info = alone.output();
	for (int y = 0; y < 43; ++y) {
		const auto row = left.begin() + y * GST_VIDEO_INFO_PLANE_STRIDE(&info, 0);
		EXPECT_TRUE(std::equal(row, row + 64 * 3,
		                       beside.begin() + y * GST_VIDEO_INFO_PLANE_STRIDE(&wide, 0)))
			<< "row " << y;
	}
}

TEST(Difference, MayBeChosenWhilePlaying)
{
	const std::string file = "other.pth";
	Mosaic mosaic(comparing(file, "normalize=signed colormap=coolwarm"),
	              "video/x-raw,format=RGB");
	mosaic.setInput(192, 128);
	const Bytes before = mosaic.picture();
	mosaic.set("view", "difference");
	EXPECT_EQ(mosaic.picture(), pictureOf(comparing(file, "view=difference")));
	mosaic.set("view", "mosaic");
	EXPECT_EQ(mosaic.picture(), before);
}

TEST(Difference, IsOfOneBackboneAlone)
{
	const Pipeline pipeline("videotestsrc num-buffers=1 ! featuremosaic name=mosaic " +
	                        comparing("resnet18.pth", "view=difference") + " ! fakesink");
	const auto error = pipeline.play();
	ASSERT_TRUE(error);
	EXPECT_NE(error->sentence.find("resnet18.pth"), std::string::npos) << error->sentence;
}
