/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "view/shownpicture.h"

using namespace fm;

namespace {

const Level level = { "p3", "fpn", 256, 8 };

/* A video of 40x30 left of three tiles of 20x15, two in a row, 4 pixels apart and from the panel's
 * edges. */
const ShownPanel panels[] = {
	{ { { 40, 30 }, { 40, 30 }, { 1, 1, 0 }, 0, 0 }, 0, 0, {} },
	{ { { 52, 42 }, { 20, 15 }, { 2, 2, 4 }, 4, 4 }, 40, 0, { "p3", { 7, 200, 7 } } },
};

TEST(ShownPicture, KnowsTheChannelOfATile)
{
	const auto at = [](double x, double y) { return channelAt(panels, x, y); };
	EXPECT_EQ(at(44, 4), (ShownChannel{ "p3", 7 }));
	EXPECT_EQ(at(63.9, 18.9), (ShownChannel{ "p3", 7 }));
	EXPECT_EQ(at(68, 4), (ShownChannel{ "p3", 200 }));
	EXPECT_EQ(at(44, 23), (ShownChannel{ "p3", 7 }));
	EXPECT_FALSE(at(70, 25)) << "a cell without a channel";
	EXPECT_FALSE(at(64, 4)) << "a gap";
	EXPECT_FALSE(at(43.9, 4)) << "the edge";
	EXPECT_FALSE(at(10, 10)) << "the video";
	EXPECT_FALSE(at(10, 35)) << "below the video";
	for (const double far :
	     { -0.1, -1e9, 1e9, 1e300, std::numeric_limits<double>::infinity(), std::nan("") }) {
		EXPECT_FALSE(at(far, 5)) << far;
		EXPECT_FALSE(at(50, far)) << far;
	}
	EXPECT_FALSE(channelAt({}, 0, 0));
}

TEST(ShownPicture, HasChannelsWhereTilesAreOfOneEach)
{
	ViewSettings settings;
	const auto of = [&](View view) {
		settings.view = view;
		const ShownMaps maps = ShownMaps::of(settings, level, { 3, 9 });
		EXPECT_EQ(maps.level, "p3");
		return maps.channels;
	};
	for (const View view : { View::Mosaic, View::Change, View::Timeline, View::Difference })
		EXPECT_EQ(of(view), (std::vector{ 3, 9 }));
	for (const View view : { View::Overlay, View::Pca, View::Video })
		EXPECT_TRUE(of(view).empty());
	settings.differenceLayout = DifferenceLayout::Beside;
	EXPECT_EQ(of(View::Difference), (std::vector{ 3, 3, 3, 9, 9, 9 }));
}

} /* namespace */
