/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <map>
#include <string>

#include <gst/video/navigation.h>

#include "fixture.h"

/** \brief The element as a window that shows its pictures steers it */
class Window : public Mosaic
{
public:
	using Mosaic::Mosaic;

	void press(const char *key) const
	{
		send(gst_navigation_event_new_key_press(key, GST_NAVIGATION_MODIFIER_NONE));
	}
	void scroll(double up) const
	{
		send(gst_navigation_event_new_mouse_scroll(10, 10, 0, up,
		                                           GST_NAVIGATION_MODIFIER_NONE));
	}
	void click(double x, double y, int button = 1) const
	{
		send(gst_navigation_event_new_mouse_button_press(button, x, y,
		                                                 GST_NAVIGATION_MODIFIER_NONE));
	}
	void send(GstEvent *event) const { gst_harness_push_upstream_event(harness(), event); }

	/** \brief NAVIGATION events that the element sent on upstream since the last call */
	int passedOn() const
	{
		int count = 0;
		while (GstEvent *event = gst_harness_try_pull_upstream_event(harness())) {
			count += GST_EVENT_TYPE(event) == GST_EVENT_NAVIGATION;
			gst_event_unref(event);
		}
		return count;
	}

	/** \brief All properties of the view, as in a launch line: those that no GstPad has */
	std::map<std::string, std::string> settings() const
	{
		const Owned<GstPad> src(gst_element_get_static_pad(element(), "src"));
		GObject *pad = G_OBJECT(src.get());
		std::map<std::string, std::string> all;
		guint count = 0;
		GParamSpec **specs =
			g_object_class_list_properties(G_OBJECT_GET_CLASS(pad), &count);
		for (guint i = 0; i < count; ++i) {
			if (g_type_is_a(GST_TYPE_PAD, specs[i]->owner_type))
				continue;
			GValue value = G_VALUE_INIT;
			g_value_init(&value, specs[i]->value_type);
			g_object_get_property(pad, specs[i]->name, &value);
			gchar *text = gst_value_serialize(&value);
			all[specs[i]->name] = text ? text : "";
			g_free(text);
			g_value_unset(&value);
		}
		g_free(specs);
		return all;
	}
	std::string setting(const char *name) const { return settings().at(name); }
};
