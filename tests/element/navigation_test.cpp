/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <set>
#include <string>

#include <gst/video/navigation.h>

#include "fixture.h"

namespace {

class Navigation : public testing::Test
{
protected:
	Navigation() : mosaic("channels=all columns=2 rows=2") { mosaic.setInput(96, 64); }

	void press(const char *key)
	{
		send(gst_navigation_event_new_key_press(key, GST_NAVIGATION_MODIFIER_NONE));
	}
	void scroll(double up)
	{
		send(gst_navigation_event_new_mouse_scroll(10, 10, 0, up,
		                                           GST_NAVIGATION_MODIFIER_NONE));
	}
	void send(GstEvent *event) { gst_harness_push_upstream_event(mosaic.harness(), event); }

	/* NAVIGATION events that the element sent on upstream. */
	int passedOn() const
	{
		int count = 0;
		while (GstEvent *event = gst_harness_try_pull_upstream_event(mosaic.harness())) {
			count += GST_EVENT_TYPE(event) == GST_EVENT_NAVIGATION;
			gst_event_unref(event);
		}
		return count;
	}

	guint number(const char *property) const
	{
		guint value = 0;
		g_object_get(mosaic.element(), property, &value, nullptr);
		return value;
	}

	std::string choice(const char *property) const
	{
		GParamSpec *spec = g_object_class_find_property(
			G_OBJECT_GET_CLASS(mosaic.element()), property);
		gint value = 0;
		g_object_get(mosaic.element(), property, &value, nullptr);
		return g_enum_get_value(G_PARAM_SPEC_ENUM(spec)->enum_class, value)->value_nick;
	}

	Mosaic mosaic;
};

TEST_F(Navigation, ByDigitsChoosesTheLevelOfTheNextFrame)
{
	const Bytes deepest = mosaic.picture();
	press("2");
	EXPECT_EQ(mosaic.get("level"), "c2");
	const Bytes second = mosaic.picture();
	EXPECT_FALSE(second == deepest);
	press("KP_5");
	EXPECT_EQ(mosaic.get("level"), "c5");
	EXPECT_TRUE(mosaic.picture() == deepest);
	EXPECT_EQ(passedOn(), 0);
	press("9"); /* There are five. */
	EXPECT_EQ(mosaic.get("level"), "c5");
	EXPECT_EQ(passedOn(), 1);
}

TEST_F(Navigation, ByBracketsAndTheWheelTurnsPages)
{
	const Bytes first = mosaic.picture();
	press("bracketright");
	EXPECT_EQ(number("page"), 1u);
	EXPECT_FALSE(mosaic.picture() == first);
	scroll(-1);
	EXPECT_EQ(number("page"), 2u);
	scroll(1);
	press("bracketleft");
	press("bracketleft");
	EXPECT_EQ(number("page"), 0u);
	EXPECT_TRUE(mosaic.picture() == first);
}

TEST_F(Navigation, ByLettersGoesThroughViewsNormalisationsAndColours)
{
	mosaic.picture();
	press("v");
	EXPECT_EQ(choice("view"), "overlay");
	std::set<std::string> views = { "overlay" };
	for (int i = 0; i < 5; ++i) {
		press("v");
		views.insert(choice("view"));
	}
	EXPECT_EQ(views.size(), 6u);
	EXPECT_FALSE(views.contains("difference")) << "which needs another checkpoint";
	press("v");
	EXPECT_EQ(choice("view"), "mosaic");
	press("n");
	EXPECT_EQ(choice("normalize"), "level");
	press("c");
	EXPECT_EQ(choice("colormap"), "magma");
	for (int i = 0; i < 7; ++i)
		press("c");
	EXPECT_EQ(choice("colormap"), "viridis") << "behind the last comes the first";
	press("f");
	gboolean isFrozen = FALSE;
	g_object_get(mosaic.element(), "freeze", &isFrozen, nullptr);
	EXPECT_TRUE(isFrozen);
	EXPECT_FALSE(mosaic.picture().empty());
}

TEST_F(Navigation, IsPassedOnWhereItMeansNothingOrIsOff)
{
	mosaic.picture();
	press("q");
	send(gst_navigation_event_new_mouse_move(3, 4, GST_NAVIGATION_MODIFIER_NONE));
	EXPECT_EQ(passedOn(), 2);
	mosaic.set("navigation", "false");
	press("2");
	EXPECT_EQ(passedOn(), 1);
	EXPECT_NE(mosaic.get("level"), "c2");
}

} /* namespace */
