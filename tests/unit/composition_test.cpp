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
