/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gtest/gtest.h>

#include "error.h"
#include "view/layout.h"

using namespace fm;

namespace {

/* Expected values follow from the formulas in MosaicLayout's documentation, by hand. */
struct Natural {
	Size video;
	Grid grid;
	Size tile;
	Size picture;
};

constexpr Natural naturals[] = {
	{ { 640, 272 }, { 4, 3, 0 }, { 160, 68 }, { 640, 204 } },
	{ { 640, 360 }, { 4, 3, 0 }, { 160, 90 }, { 640, 270 } },
	{ { 640, 360 }, { 4, 3, 4 }, { 157, 88 }, { 640, 272 } }, /* 88.3; 3*88 + 8 = 272 */
	{ { 641, 359 }, { 4, 3, 0 }, { 160, 90 }, { 642, 270 } }, /* 89.6 */
	{ { 100, 50 }, { 3, 1, 0 }, { 33, 17 }, { 100, 18 } },    /* 16.5, halves up; 17 to 18 */
	{ { 1, 1 }, { 1, 1, 0 }, { 1, 1 }, { 2, 2 } },
	{ { 1920, 1080 }, { 1, 1, 0 }, { 1920, 1080 }, { 1920, 1080 } },
	{ { 1000, 1 }, { 10, 2, 1 }, { 99, 1 }, { 1000, 4 } }, /* 0.099, but a pixel at least */
	{ { 7, 1001 }, { 2, 1, 3 }, { 2, 286 }, { 8, 286 } },
};

} /* namespace */

TEST(Layout, OfNaturalSizeFollowsTheVideosWidth)
{
	for (const Natural &c : naturals) {
		const auto layout = MosaicLayout::ofWidth(c.video.width, c.video, c.grid);
		EXPECT_EQ(layout.tile, c.tile) << c.video.width << "x" << c.video.height;
		EXPECT_EQ(layout.size, c.picture) << c.video.width << "x" << c.video.height;
		EXPECT_EQ(layout.left, 0);
		EXPECT_EQ(layout.top, 0);
	}
}

TEST(Layout, PutsTileKAtColumnKModColumns)
{
	const auto layout = MosaicLayout::ofWidth(640, { 640, 360 }, { 4, 3, 4 });
	EXPECT_EQ(layout.x(0), 0);
	EXPECT_EQ(layout.x(3), 3 * (157 + 4));
	EXPECT_EQ(layout.y(3), 0);
	EXPECT_EQ(layout.x(6), 2 * (157 + 4));
	EXPECT_EQ(layout.y(6), 88 + 4);
}

TEST(Layout, InAFixedSizeHasTheLargestTilesAndIsCentred)
{
	/* By width: 200x112.5, so 113; three rows are 339 of 600. */
	const auto tall = MosaicLayout::inside({ 800, 600 }, { 640, 360 }, { 4, 3, 0 });
	EXPECT_EQ(tall.tile, (Size{ 200, 113 }));
	EXPECT_EQ(tall.left, 0);
	EXPECT_EQ(tall.top, (600 - 339) / 2);

	/* By height: 33 a row; the widest tile that rounds to 33 is 59 (33.19), as 60 is 33.75. */
	const auto wide = MosaicLayout::inside({ 800, 100 }, { 640, 360 }, { 4, 3, 0 });
	EXPECT_EQ(wide.tile, (Size{ 59, 33 }));
	EXPECT_EQ(wide.left, (800 - 4 * 59) / 2);
	EXPECT_EQ(wide.top, 0);
}

TEST(Layout, OfAHeightIsNoHigher)
{
	const auto layout = MosaicLayout::ofHeight(270, { 640, 360 }, { 4, 3, 0 });
	EXPECT_EQ(layout.size.height, 270);
	EXPECT_EQ(layout.tile.height, 90);
	EXPECT_EQ(layout.tile.width, 160); /* 90 is also what 159 (89.4) does not reach. */
}

TEST(Layout, RefusesAGridWithoutRoomForATile)
{
	EXPECT_THROW(MosaicLayout::ofWidth(640, { 640, 360 }, { 641, 1, 0 }), Error);
	EXPECT_THROW(MosaicLayout::ofWidth(10, { 10, 10 }, { 4, 1, 4 }), Error);
	EXPECT_THROW(MosaicLayout::inside({ 16, 4 }, { 16, 16 }, { 2, 5, 0 }), Error);
	EXPECT_THROW(MosaicLayout::ofHeight(4, { 16, 16 }, { 2, 5, 0 }), Error);
}

TEST(Layout, RefusesAPictureThatIsTooLarge)
{
	EXPECT_THROW(MosaicLayout::ofWidth(640, { 640, 360 }, { 1, 1024, 0 }), Error);
}

TEST(Grid, OfZeroIsAsLargeAsTheChannelsNeed)
{
	const auto grid = [](unsigned columns, unsigned rows, int channels) {
		ViewSettings settings;
		settings.columns = columns;
		settings.rows = rows;
		const Grid made = Grid::of(settings, channels);
		return std::pair(made.columns, made.rows);
	};
	EXPECT_EQ(grid(0, 0, 12), std::pair(4, 3));
	EXPECT_EQ(grid(0, 0, 256), std::pair(16, 16));
	EXPECT_EQ(grid(0, 0, 1), std::pair(1, 1));
	EXPECT_EQ(grid(0, 0, 1280), std::pair(36, 36));
	EXPECT_EQ(grid(5, 0, 12), std::pair(5, 3));
	EXPECT_EQ(grid(0, 5, 12), std::pair(3, 5));
	EXPECT_EQ(grid(4, 3, 100), std::pair(4, 3));
}
