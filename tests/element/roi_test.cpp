/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Regions of interest that come with the buffers. */
#include "fixture.h"

namespace {

/* Tiles of 64x40. */
constexpr int width = 256;
constexpr int height = 160;

const std::string ranked = "level=c3 channels=top:6 columns=3 rows=2 labels=false ";

Bytes pictureIn(const std::string &properties, const std::vector<Mosaic::Roi> &rois)
{
	Mosaic mosaic(properties);
	mosaic.setInput(width, height);
	mosaic.setRois(rois);
	return mosaic.picture();
}

TEST(Roi, RanksChannelsFromTheFrameOnThatItIsSet)
{
	const std::vector<Mosaic::Roi> rois = { { 8, 8, 40, 40 }, { 200, 100, 30, 50 } };
	const Bytes inFrame = pictureIn(ranked, rois);
	const Bytes inRoi = pictureIn(ranked + "rank-in=roi", rois);
	ASSERT_FALSE(inFrame == inRoi);
	EXPECT_TRUE(pictureIn(ranked, {}) == inFrame);
	EXPECT_TRUE(pictureIn(ranked + "rank-in=roi", {}) == inFrame) << "without any";
	EXPECT_TRUE(pictureIn(ranked + "rank-in=roi", { { 1000, 8, 40, 40 } }) == inFrame)
		<< "beyond the frame";
	EXPECT_FALSE(pictureIn(ranked + "rank-in=roi", { { 100, 8, 40, 40 } }) == inRoi)
		<< "elsewhere";

	Mosaic mosaic(ranked);
	mosaic.setInput(width, height);
	mosaic.setRois(rois);
	EXPECT_TRUE(mosaic.picture() == inFrame);
	mosaic.countEvents(GST_EVENT_CAPS);
	mosaic.set("rank-in", "roi");
	EXPECT_TRUE(mosaic.picture() == inRoi);
	mosaic.setRois({});
	EXPECT_TRUE(mosaic.picture() == inRoi) << "a detector may miss a frame";
	mosaic.set("rank-in", "frame");
	EXPECT_TRUE(mosaic.picture() == inFrame);
	EXPECT_EQ(mosaic.countEvents(GST_EVENT_CAPS), 0);
}

/* Of a region that is 16..48 x 10..30 of each tile. */
void expectOutlines(const Bytes &drawn, const Bytes &plain)
{
	ASSERT_EQ(drawn.size(), plain.size());
	for (int y = 0; y < 3 * 40; ++y)
		for (int x = 0; x < width; ++x) {
			const int inX = x % 64;
			const int inY = y % 40;
			const bool across = inX >= 16 && inX < 48 && (inY == 10 || inY == 29);
			const bool down = inY >= 10 && inY < 30 && (inX == 16 || inX == 47);
			for (int c = 0; c < 3; ++c) {
				const std::size_t at = 3 * (y * width + x) + c;
				ASSERT_EQ(drawn[at], across || down ? 255 : plain[at])
					<< x << "," << y;
			}
		}
}

TEST(Roi, IsDrawnFromTheFrameOnThatItIsSet)
{
	const Bytes plain = pictureIn("level=c3 labels=false", {});
	Mosaic mosaic("level=c3 labels=false");
	mosaic.setInput(width, height);
	mosaic.setRois({ { 64, 40, 128, 80 } });
	EXPECT_TRUE(mosaic.picture() == plain);
	mosaic.set("draw-roi", "true");
	expectOutlines(mosaic.picture(), plain);
	mosaic.setRois({});
	EXPECT_TRUE(mosaic.picture() == plain);
	mosaic.setRois({ { 64, 40, 128, 80 }, { 300, 0, 9, 9 }, { 0, 0, 0, 0 } });
	expectOutlines(mosaic.picture(), plain);
	mosaic.set("draw-roi", "false");
	EXPECT_TRUE(mosaic.picture() == plain);
}

TEST(Roi, IsHeldWithAFrozenPicture)
{
	Mosaic mosaic("level=c3 draw-roi=true");
	mosaic.setInput(width, height);
	mosaic.setRois({ { 64, 40, 128, 80 } });
	const Bytes before = mosaic.picture(1);
	mosaic.set("freeze", "true");
	mosaic.setRois({ { 10, 10, 20, 20 } });
	EXPECT_TRUE(mosaic.picture(2) == before);
	mosaic.set("freeze", "false");
	EXPECT_FALSE(mosaic.picture(1) == before);
}

TEST(Roi, MayPartlyLieBeyondTheFrame)
{
	const guint minusTen = static_cast<guint>(-10);
	const guint huge = G_MAXUINT;
	EXPECT_TRUE(pictureIn("draw-roi=true", { { minusTen, minusTen, 50, 60 } }) ==
	            pictureIn("draw-roi=true", { { 0, 0, 40, 50 } }));
	EXPECT_TRUE(pictureIn("draw-roi=true", { { 100, 50, huge, huge } }) ==
	            pictureIn("draw-roi=true", { { 100, 50, 156, 110 } }));
}

} /* namespace */
