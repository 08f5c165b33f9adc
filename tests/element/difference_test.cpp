/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <set>
#include <utility>

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

struct Picture {
	Bytes bytes;
	GstVideoInfo info;

	const uint8_t *row(int y) const
	{
		return bytes.data() + std::ptrdiff_t{ y } * GST_VIDEO_INFO_PLANE_STRIDE(&info, 0);
	}
};

/* Of one frame. */
Picture pictureOf(const std::string &properties, const char *caps = "video/x-raw,format=RGB")
{
	Mosaic mosaic(properties, caps);
	mosaic.setInput(192, 128);
	Bytes bytes = mosaic.picture();
	return { std::move(bytes), mosaic.output() };
}

} /* namespace */

TEST(Difference, OfACheckpointFromItselfIsNone)
{
	EXPECT_EQ(colorsOf(pictureOf(comparing("good.pth", "view=difference")).bytes), 1u);
	EXPECT_GT(colorsOf(pictureOf(comparing("other.pth", "view=difference")).bytes), 20u);
}

TEST(Difference, MayHaveBothCheckpointsBesideIt)
{
	const std::string one = "columns=1 rows=1 channels=5 ";
	const Picture beside =
		pictureOf(comparing("other.pth", one + "view=difference difference-layout=beside"));
	EXPECT_EQ(GST_VIDEO_INFO_WIDTH(&beside.info), 192);
	EXPECT_EQ(GST_VIDEO_INFO_HEIGHT(&beside.info), 44)
		<< "three tiles of 64x43, and a row to be even";

	/* The left one is the first checkpoint's own. */
	const Picture alone =
		pictureOf(comparing("other.pth", one + "colormap=coolwarm normalize=signed"),
	                  "video/x-raw,format=RGB,width=64,height=43");
	for (int y = 0; y < 43; ++y)
		EXPECT_TRUE(std::equal(alone.row(y), alone.row(y) + 3 * 64, beside.row(y)))
			<< "row " << y;
}

TEST(Difference, MayBeChosenWhilePlaying)
{
	const std::string file = "other.pth";
	Mosaic mosaic(comparing(file, "normalize=signed colormap=coolwarm"),
	              "video/x-raw,format=RGB");
	mosaic.setInput(192, 128);
	const Bytes before = mosaic.picture();
	mosaic.set("view", "difference");
	EXPECT_EQ(mosaic.picture(), pictureOf(comparing(file, "view=difference")).bytes);
	mosaic.set("view", "mosaic");
	EXPECT_EQ(mosaic.picture(), before);
}

/* Which checkpoints they are is what no label says. */
TEST(Difference, HasBothFilesInItsHeader)
{
	const std::string copy = testing::TempDir() + "featuremosaic-a-copy.pth";
	std::filesystem::copy_file(Weights::path("other.pth"), copy,
	                           std::filesystem::copy_options::overwrite_existing);
	const auto headed = [](const std::string &file) {
		Mosaic mosaic(weightsProperty(Weights::path("good.pth")) + " compare-weights=\"" +
		                      file + "\" level=c3 view=difference header=true",
		              "video/x-raw,format=RGB");
		mosaic.setInput(640, 360);
		return mosaic.picture();
	};
	const Bytes one = headed(Weights::path("other.pth"));
	const Bytes other = headed(copy);
	std::filesystem::remove(copy);
	const auto strip = std::ptrdiff_t{ 24 } * 3 * 640;
	ASSERT_EQ(one.size(), 640u * (270 + 24) * 3);
	ASSERT_EQ(other.size(), one.size());
	EXPECT_FALSE(std::equal(one.begin(), one.begin() + strip, other.begin()));
	EXPECT_TRUE(std::equal(one.begin() + strip, one.end(), other.begin() + strip));
}

TEST(Difference, IsOfOneBackboneAlone)
{
	const Pipeline pipeline("videotestsrc num-buffers=1 ! featuremosaic name=mosaic " +
	                        comparing("resnet18.pth", "view=difference") + " ! fakesink");
	const auto error = pipeline.play();
	ASSERT_TRUE(error);
	EXPECT_NE(error->sentence.find("resnet18.pth"), std::string::npos) << error->sentence;
}
