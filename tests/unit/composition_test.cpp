/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gtest/gtest.h>

#include "error.h"
#include "view/composition.h"

using namespace fm;

namespace {

const std::vector<Level> levels = { { "c2", "", 64, 4 },
	                            { "c5", "", 512, 32 },
	                            { "p3", "", 256, 8 } };
constexpr Size video = { 640, 360 };

Composition headedOf(View view, Size video, bool header = true)
{
	ViewSettings settings;
	settings.view = view;
	settings.header = header;
	return { settings, levels, 12, video, { "net with weights", "net" } };
}

Composition compositionOf(View view, unsigned columns = 4, unsigned rows = 3, unsigned gap = 0,
                          PyramidLayout pyramid = PyramidLayout::Equal, int tiles = 12)
{
	ViewSettings settings;
	settings.view = view;
	settings.columns = columns;
	settings.rows = rows;
	settings.gap = gap;
	settings.pyramidLayout = pyramid;
	return { settings, levels, tiles, video };
}

/* Each pixel belongs to one panel, and all tiles lie within theirs. */
void expectCovered(const std::vector<Panel> &panels, Size size)
{
	std::vector<int> covered(static_cast<std::size_t>(size.width) * size.height);
	for (const Panel &panel : panels) {
		EXPECT_EQ(panel.left % 2, 0);
		EXPECT_EQ(panel.top % 2, 0);
		const MosaicLayout &layout = panel.layout;
		ASSERT_LE(panel.left + layout.size.width, size.width);
		ASSERT_LE(panel.top + layout.size.height, size.height);
		for (int y = 0; y < layout.size.height; ++y)
			for (int x = 0; x < layout.size.width; ++x)
				++covered[(panel.top + y) * size.width + panel.left + x];
		const int last = layout.grid.cells() - 1;
		EXPECT_GE(layout.x(0), 0);
		EXPECT_GE(layout.y(0), 0);
		EXPECT_LE(layout.x(last) + layout.tile.width, layout.size.width);
		EXPECT_LE(layout.y(last) + layout.tile.height, layout.size.height);
	}
	EXPECT_EQ(covered, std::vector<int>(covered.size(), 1));
}

} /* namespace */

TEST(Composition, OfAMosaicIsItsLayout)
{
	const Composition mosaic = compositionOf(View::Mosaic);
	EXPECT_EQ(mosaic.preferred(), (Size{ 640, 270 }));
	const auto natural = mosaic.inside({ 640, 270 });
	ASSERT_EQ(natural.size(), 1u);
	EXPECT_EQ(natural[0].layout, MosaicLayout::ofWidth(640, video, { 4, 3, 0 }));
	EXPECT_EQ(mosaic.inside({ 800, 270 })[0].layout,
	          MosaicLayout::inside({ 800, 270 }, video, { 4, 3, 0 }));
	EXPECT_EQ(mosaic.ofHeight(540), MosaicLayout::ofHeight(540, video, { 4, 3, 0 }).size);
}

TEST(Composition, OfAMosaicOfAnOddVideoHasTilesForItsWidth)
{
	const Composition mosaic(ViewSettings(), levels, 12, { 201, 133 });
	EXPECT_EQ(mosaic.preferred().width, 202);
	EXPECT_EQ(mosaic.inside(mosaic.preferred())[0].layout,
	          MosaicLayout::ofWidth(201, { 201, 133 }, { 4, 3, 0 }));
}

TEST(Composition, OfAnOverlayHasTheVideosSize)
{
	EXPECT_EQ(compositionOf(View::Overlay).preferred(), video);
	ViewSettings settings;
	settings.view = View::Overlay;
	EXPECT_EQ(Composition(settings, levels, 64, { 201, 133 }).preferred(), (Size{ 201, 133 }));
	const auto panels = compositionOf(View::Overlay).inside({ 640, 480 });
	EXPECT_EQ(panels[0].layout.tile, video);
	EXPECT_EQ(panels[0].layout.top, 60);
}

TEST(Composition, OfATimelineHasAStripForEachChannel)
{
	const Composition timeline = compositionOf(View::Timeline, 4, 3, 2);
	const auto panels = timeline.inside(timeline.preferred());
	ASSERT_EQ(panels.size(), 1u);
	EXPECT_EQ(panels[0].layout.grid, (Grid{ 1, 12, 2 }));
	EXPECT_EQ(panels[0].layout.tile, (Size{ 640, 30 }));
}

TEST(Composition, SideBySideIsTheVideoAndAMosaicOfOneHeight)
{
	const Composition both = compositionOf(View::SideBySide);
	/* The mosaic is 640x270; the video as high is 480x270. */
	EXPECT_EQ(both.preferred(), (Size{ 1120, 270 }));
	const auto panels = both.inside({ 1120, 270 });
	ASSERT_EQ(panels.size(), 2u);
	EXPECT_EQ(panels[0].content, View::Video);
	EXPECT_EQ(panels[0].layout.tile, (Size{ 480, 270 }));
	EXPECT_EQ(panels[1].content, View::Mosaic);
	EXPECT_EQ(panels[1].left, 480);
	EXPECT_EQ(panels[1].layout.tile, (Size{ 160, 90 }));
	expectCovered(panels, { 1120, 270 });
}

TEST(Composition, OfAPyramidIsTheVideoAndARowForEachLevel)
{
	const Composition pyramid = compositionOf(View::Pyramid);
	const Size size = pyramid.preferred();
	EXPECT_EQ(size, (Size{ 640, 4 * 90 }));
	const auto panels = pyramid.inside(size);
	ASSERT_EQ(panels.size(), 4u);
	EXPECT_EQ(panels[0].content, View::Video);
	for (std::size_t k = 1; k < panels.size(); ++k) {
		EXPECT_EQ(panels[k].level, levels[k - 1].name);
		EXPECT_EQ(panels[k].layout.tile, (Size{ 160, 90 }));
		EXPECT_EQ(panels[k].layout.grid.columns, 4);
	}
	expectCovered(panels, size);
}

TEST(Composition, OfAPyramidMayBeInProportionToTheStride)
{
	const auto pyramid = compositionOf(View::Pyramid, 4, 3, 2, PyramidLayout::Stride);
	const auto panels = pyramid.inside(pyramid.preferred());
	ASSERT_EQ(panels.size(), 4u);
	const int finest = panels[1].layout.tile.width;
	EXPECT_NEAR(panels[2].layout.tile.width, finest / 8.0, 1); /* c5, by c2 */
	EXPECT_NEAR(panels[3].layout.tile.width, finest / 2.0, 1); /* p3 */
	expectCovered(panels, pyramid.preferred());
}

TEST(Composition, OfSeveralPanelsFitsIntoAnySize)
{
	for (const View view : { View::SideBySide, View::Pyramid })
		for (const Size size :
		     { Size{ 1280, 720 }, Size{ 301, 777 }, Size{ 1920, 100 }, Size{ 64, 64 } }) {
			SCOPED_TRACE(std::to_string(size.width) + "x" +
			             std::to_string(size.height));
			expectCovered(compositionOf(view, 4, 3, 1).inside(size), size);
		}
	const Composition both = compositionOf(View::SideBySide);
	EXPECT_EQ(both.ofWidth(1120).height, 270);
	EXPECT_NEAR(both.ofHeight(270).width, 1120, 4); /* The widest of that height. */
}

TEST(Composition, MayBeLargerThanTheVideoHasRoomFor)
{
	const Composition mosaic(ViewSettings(), levels, 12, { 3, 2 });
	EXPECT_THROW(static_cast<void>(mosaic.preferred()), Error);
	EXPECT_EQ(mosaic.inside({ 300, 200 })[0].layout.tile.width, 75);
}

TEST(Composition, WithoutRoomIsRefused)
{
	for (const View view : { View::Mosaic, View::SideBySide, View::Pyramid })
		EXPECT_THROW(compositionOf(view).inside({ 3, 3 }), Error);
}

/* Of each view, in pictures of all shapes. */
class Headed : public testing::TestWithParam<View>
{
protected:
	/* A 40th, even, from 24 to 48. */
	static int stripOf(int width)
	{
		return width < 1040 ? 24 : width >= 1920 ? 48 : width / 80 * 2;
	}

	/* The same panels further down, but those at the top, which have the strip for their own.
	 */
	static void expectBelowHeader(const std::vector<Panel> &headed,
	                              const std::vector<Panel> &bare, int strip)
	{
		ASSERT_EQ(headed.size(), bare.size());
		for (std::size_t k = 0; k < bare.size(); ++k) {
			const bool isTop = bare[k].top == 0;
			EXPECT_EQ(headed[k].content, bare[k].content);
			EXPECT_EQ(headed[k].level, bare[k].level);
			EXPECT_EQ(headed[k].left, bare[k].left);
			EXPECT_EQ(headed[k].top, bare[k].top + (isTop ? 0 : strip));
			MosaicLayout expected = bare[k].layout;
			if (isTop) {
				expected.size.height += strip;
				expected.top += strip;
				expected.header = strip;
			}
			EXPECT_EQ(headed[k].layout, expected);
		}
	}
};

TEST_P(Headed, PictureIsHigherAndElseTheSame)
{
	for (const Size size : { Size{ 640, 360 }, Size{ 1920, 1080 }, Size{ 641, 363 } }) {
		const Composition headed = headedOf(GetParam(), size);
		const Composition bare = headedOf(GetParam(), size, false);
		const Size whole = headed.preferred();
		const int strip = stripOf(whole.width);
		EXPECT_EQ(whole.width, bare.preferred().width);
		EXPECT_EQ(whole.height, bare.preferred().height + strip);
		expectBelowHeader(headed.inside(whole), bare.inside(bare.preferred()), strip);
		expectCovered(headed.inside(whole), whole);
		for (const int width : { 640, 800, 1280, 1281 }) {
			EXPECT_EQ(headed.ofWidth(width).width, bare.ofWidth(width).width);
			EXPECT_EQ(headed.ofWidth(width).height,
			          bare.ofWidth(width).height + stripOf(width));
		}
	}
}

TEST_P(Headed, PictureOfAFixedSizeLeavesThePanelsTheRest)
{
	const Composition headed = headedOf(GetParam(), video);
	const Composition bare = headedOf(GetParam(), video, false);
	for (const Size size : { Size{ 1280, 720 }, Size{ 642, 1001 }, Size{ 1920, 150 } }) {
		SCOPED_TRACE(std::to_string(size.width) + "x" + std::to_string(size.height));
		const int strip = stripOf(size.width);
		expectBelowHeader(headed.inside(size),
		                  bare.inside({ size.width, size.height - strip }), strip);
		expectCovered(headed.inside(size), size);
	}
	const Size high = headed.ofHeight(720);
	const int strip = stripOf(bare.ofHeight(720).width);
	EXPECT_EQ(high, (Size{ bare.ofHeight(720 - strip).width, 720 }));
}

TEST_P(Headed, PictureHasNoneWhereItCouldNotBeRead)
{
	const Composition headed = headedOf(GetParam(), video);
	const Composition bare = headedOf(GetParam(), video, false);
	/* Side by side it has but a part of the width. */
	const int least = GetParam() == View::SideBySide ? 640 : 320;
	for (const Size size : { Size{ least - 1, 500 }, Size{ least, 47 }, Size{ 100, 200 } }) {
		SCOPED_TRACE(std::to_string(size.width) + "x" + std::to_string(size.height));
		EXPECT_EQ(headed.inside(size), bare.inside(size));
	}
	EXPECT_EQ(headed.inside({ least, 48 })[0].layout.header, 24);
	EXPECT_EQ(headed.ofHeight(48).height, 48);
	EXPECT_EQ(headedOf(GetParam(), { 160, 90 }).preferred(),
	          headedOf(GetParam(), { 160, 90 }, false).preferred());
}

/* Whatever of both is fixed, what follows is a picture that panels fit into. */
TEST_P(Headed, PictureIsWhatItWasMadeFor)
{
	const Composition headed = headedOf(GetParam(), video);
	for (int side = 30; side < 700; side += 7) {
		const Size high = headed.ofHeight(side);
		EXPECT_EQ(high.height, side);
		expectCovered(headed.inside(high), high);
		const Size wide = headed.ofWidth(side);
		expectCovered(headed.inside(wide), wide);
	}
}

TEST_P(Headed, PictureSaysWhatItIsOfInOnePlace)
{
	const auto panels = headedOf(GetParam(), video).inside({ 1280, 720 });
	using Texts = std::vector<std::string>;
	const Texts titles = { "net with weights", "net" };
	for (std::size_t k = 0; k < panels.size(); ++k) {
		const bool isPyramid = GetParam() == View::Pyramid;
		const bool hasText = isPyramid ? k == 0 : panels[k].content != View::Video;
		EXPECT_EQ(panels[k].titles,
		          !hasText    ? Texts()
		          : isPyramid ? Texts({ "net with weights 640x360", "net 640x360" })
		                      : titles);
	}
}

INSTANTIATE_TEST_SUITE_P(Views, Headed,
                         testing::Values(View::Mosaic, View::Overlay, View::Pyramid, View::Pca,
                                         View::SideBySide, View::Difference, View::Change,
                                         View::Timeline));
