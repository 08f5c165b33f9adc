/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>

#include <gtest/gtest.h>

#include "backbone/tokengrid.h"

using fm::TokenGrid;

namespace {

using Grids = std::vector<TokenGrid>;

TEST(TokenGrid, IsToldByTheNumberOfTokens)
{
	EXPECT_EQ(fm::tokenGrids(14 * 14, { 224, 224 }), (Grids{ { { 14, 14 }, 0 } }));
	EXPECT_EQ(fm::tokenGrids(16 * 16, { 224, 224 }), (Grids{ { { 16, 16 }, 0 } }));
	EXPECT_EQ(fm::tokenGrids(40 * 22, { 640, 352 }), (Grids{ { { 40, 22 }, 0 } }));
}

TEST(TokenGrid, MayFollowAClassTokenAndEightRegisters)
{
	EXPECT_EQ(fm::tokenGrids(14 * 14 + 1, { 224, 224 }), (Grids{ { { 14, 14 }, 1 } }));
	EXPECT_EQ(fm::tokenGrids(37 * 37 + 5, { 518, 518 }), (Grids{ { { 37, 37 }, 5 } }));
	EXPECT_EQ(fm::tokenGrids(14 * 14 + 10, { 224, 224 }), Grids{});
	EXPECT_EQ(fm::tokenGrids(14 * 14 - 1, { 224, 224 }), Grids{});
}

/* 201 by 133 pixels: 14 patches of 14 and five pixels, 9 and seven. */
TEST(TokenGrid, OfAnImageThatPatchesDoNotFillLeavesTheRestOutOrPadsIt)
{
	for (const fm::Size patches : { fm::Size{ 14, 9 }, fm::Size{ 15, 10 } }) {
		const Grids grids =
			fm::tokenGrids(int64_t{ patches.width } * patches.height, { 201, 133 });
		EXPECT_EQ(std::ranges::count(grids, TokenGrid{ patches, 0 }), 1);
	}
	EXPECT_EQ(fm::tokenGrids(16 * 11, { 201, 133 }), Grids{});
}

TEST(TokenGrid, IsAmbiguousWhereSmallOnesDifferByLessThanWhatMayGoInFront)
{
	EXPECT_EQ(fm::tokenGrids(8, { 64, 32 }).size(), 2u);
}

} /* namespace */
