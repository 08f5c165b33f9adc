/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <set>

#include "window.h"

namespace {

class Navigation : public testing::Test
{
protected:
	Navigation() : mosaic("channels=all columns=2 rows=2") { mosaic.setInput(96, 64); }

	Window mosaic;
};

TEST_F(Navigation, ByDigitsChoosesTheLevelOfTheNextFrame)
{
	const Bytes deepest = mosaic.picture();
	mosaic.press("2");
	EXPECT_EQ(mosaic.get("level"), "c2");
	const Bytes second = mosaic.picture();
	EXPECT_FALSE(second == deepest);
	mosaic.press("KP_5");
	EXPECT_EQ(mosaic.get("level"), "c5");
	EXPECT_TRUE(mosaic.picture() == deepest);
	EXPECT_EQ(mosaic.passedOn(), 0);
	mosaic.press("9"); /* There are five. */
	EXPECT_EQ(mosaic.get("level"), "c5");
	EXPECT_EQ(mosaic.passedOn(), 1);
}

TEST_F(Navigation, ByBracketsAndTheWheelTurnsPages)
{
	const Bytes first = mosaic.picture();
	mosaic.press("bracketright");
	EXPECT_EQ(mosaic.setting("page"), "1");
	EXPECT_FALSE(mosaic.picture() == first);
	mosaic.scroll(-1);
	EXPECT_EQ(mosaic.setting("page"), "2");
	mosaic.scroll(1);
	mosaic.press("bracketleft");
	mosaic.press("bracketleft");
	EXPECT_EQ(mosaic.setting("page"), "0");
	EXPECT_TRUE(mosaic.picture() == first);
	mosaic.click(10, 10, 5); /* The wheel, as X11's sinks send it. */
	EXPECT_EQ(mosaic.setting("page"), "1");
	mosaic.click(10, 10, 4);
	EXPECT_EQ(mosaic.setting("page"), "0");
	EXPECT_EQ(mosaic.passedOn(), 0);
}

TEST_F(Navigation, ByLettersGoesThroughViewsNormalisationsAndColours)
{
	mosaic.picture();
	mosaic.press("v");
	EXPECT_EQ(mosaic.setting("view"), "overlay");
	std::set<std::string> views = { "overlay" };
	for (int i = 0; i < 5; ++i) {
		mosaic.press("v");
		views.insert(mosaic.setting("view"));
	}
	EXPECT_EQ(views.size(), 6u);
	EXPECT_FALSE(views.contains("difference")) << "which needs another checkpoint";
	mosaic.press("v");
	EXPECT_EQ(mosaic.setting("view"), "mosaic");
	mosaic.press("n");
	EXPECT_EQ(mosaic.setting("normalize"), "level");
	mosaic.press("c");
	EXPECT_EQ(mosaic.setting("colormap"), "magma");
	for (int i = 0; i < 7; ++i)
		mosaic.press("c");
	EXPECT_EQ(mosaic.setting("colormap"), "viridis") << "behind the last comes the first";
	mosaic.press("f");
	EXPECT_EQ(mosaic.setting("freeze"), "true");
	EXPECT_FALSE(mosaic.picture().empty());
}

TEST_F(Navigation, IsPassedOnWhereItMeansNothingOrIsOff)
{
	mosaic.picture();
	mosaic.press("q");
	mosaic.send(gst_navigation_event_new_mouse_move(3, 4, GST_NAVIGATION_MODIFIER_NONE));
	EXPECT_EQ(mosaic.passedOn(), 2);
	mosaic.set("navigation", "false");
	mosaic.press("2");
	EXPECT_EQ(mosaic.passedOn(), 1);
	EXPECT_NE(mosaic.get("level"), "c2");
}

} /* namespace */
