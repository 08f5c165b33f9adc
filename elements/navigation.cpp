/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "navigation.h"

#include <optional>
#include <string_view>

#include <gst/video/navigation.h>

namespace {

/* 1 is the first level, 0 the tenth. */
std::optional<std::size_t> levelOfKey(std::string_view key)
{
	if (key.starts_with("KP_"))
		key.remove_prefix(3);
	if (key.size() != 1 || key[0] < '0' || key[0] > '9')
		return std::nullopt;
	return key[0] == '0' ? 9 : key[0] - '1';
}

bool chooseLevel(GstFeatureMosaicPad *pad, std::size_t index)
{
	const std::vector<std::string> levels = gst_feature_mosaic_pad_get_levels(pad);
	if (index >= levels.size())
		return false;
	g_object_set(pad, "level", levels[index].c_str(), nullptr);
	return true;
}

bool turnPage(GstFeatureMosaicPad *pad, bool onward)
{
	const unsigned page = gst_feature_mosaic_pad_get_settings(pad).page;
	if (onward)
		g_object_set(pad, "page", page + 1, nullptr);
	else if (page > 0)
		g_object_set(pad, "page", page - 1, nullptr);
	return true;
}

/* The value behind the one that an enumeration has, or the first; \a passedBy is none. */
bool chooseNext(GstFeatureMosaicPad *pad, const char *property, std::optional<gint> passedBy = {})
{
	GParamSpec *spec = g_object_class_find_property(G_OBJECT_GET_CLASS(pad), property);
	const GEnumClass *values = G_PARAM_SPEC_ENUM(spec)->enum_class;
	gint value = 0;
	g_object_get(pad, property, &value, nullptr);
	guint index = 0;
	while (index < values->n_values && values->values[index].value != value)
		++index;
	do
		index = (index + 1) % values->n_values;
	while (values->values[index].value == passedBy);
	g_object_set(pad, property, values->values[index].value, nullptr);
	return true;
}

/* There is no difference without another checkpoint. */
bool chooseNextView(GstFeatureMosaicPad *pad)
{
	g_autofree gchar *other = nullptr;
	g_autoptr(GstElement) element = gst_pad_get_parent_element(GST_PAD(pad));
	if (element)
		g_object_get(element, "compare-weights", &other, nullptr);
	if (other)
		return chooseNext(pad, "view");
	return chooseNext(pad, "view", static_cast<gint>(fm::View::Difference));
}

bool toggle(GstFeatureMosaicPad *pad, const char *property)
{
	gboolean value = FALSE;
	g_object_get(pad, property, &value, nullptr);
	g_object_set(pad, property, !value, nullptr);
	return true;
}

bool steerByKey(GstFeatureMosaicPad *pad, std::string_view key)
{
	if (const auto level = levelOfKey(key))
		return chooseLevel(pad, *level);
	if (key == "bracketleft" || key == "[")
		return turnPage(pad, false);
	if (key == "bracketright" || key == "]")
		return turnPage(pad, true);
	if (key == "v")
		return chooseNextView(pad);
	if (key == "n")
		return chooseNext(pad, "normalize");
	if (key == "c")
		return chooseNext(pad, "colormap");
	if (key == "f")
		return toggle(pad, "freeze");
	if (key == "h")
		return toggle(pad, "help");
	return false;
}

/* X11's sinks send no scroll events: there the wheel is two more buttons. */
bool steerByButton(GstFeatureMosaicPad *pad, GstEvent *event)
{
	constexpr gint left = 1;
	constexpr gint wheelUp = 4;
	constexpr gint wheelDown = 5;
	gint button = 0;
	gdouble x = 0;
	gdouble y = 0;
	if (!gst_navigation_event_parse_mouse_button_event(event, &button, &x, &y))
		return false;
	if (button == wheelUp || button == wheelDown)
		return turnPage(pad, button == wheelDown);
	return button == left && gst_feature_mosaic_pad_click(pad, x, y);
}

} /* namespace */

bool steer(GstFeatureMosaicPad *pad, GstEvent *event)
{
	const gchar *key = nullptr;
	gdouble up = 0;
	switch (gst_navigation_event_get_type(event)) {
	case GST_NAVIGATION_EVENT_KEY_PRESS:
		return gst_navigation_event_parse_key_event(event, &key) && key &&
		       steerByKey(pad, key);
	case GST_NAVIGATION_EVENT_MOUSE_SCROLL:
		return gst_navigation_event_parse_mouse_scroll_event(event, nullptr, nullptr,
		                                                     nullptr, &up) &&
		       up != 0 && turnPage(pad, up < 0);
	case GST_NAVIGATION_EVENT_MOUSE_BUTTON_PRESS:
		return steerByButton(pad, event);
	default:
		return false;
	}
}

std::vector<std::string> steeringHelp()
{
	return { "1 .. 9, 0: level",     "[ ] wheel: page", "v: view",
		 "n: normalisation",     "c: colour map",   "f: freeze",
		 "click: channel alone", "h: these keys" };
}
