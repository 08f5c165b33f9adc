/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "featuremosaicpad.h"

#include <algorithm>
#include <mutex>

#include "closeup.h"
#include "error.h"
#include "guard.h"
#include "viewproperties.h"

namespace {

struct State {
	std::mutex mutex;                  /* Innermost: nothing is called with it held. */
	fm::ViewSettings settings;         /* Protected by mutex. */
	std::vector<std::string> levels;   /* Protected by mutex. */
	std::vector<fm::ShownPanel> shown; /* Protected by mutex. */
	CloseUp closeUp;                   /* Protected by mutex. */
};

void checkLevel(const fm::ViewSettings &settings, const std::vector<std::string> &levels)
{
	if (settings.level.empty() || levels.empty() ||
	    std::ranges::find(levels, settings.level) != levels.end())
		return;

	std::string names;
	for (const std::string &level : levels)
		names += (names.empty() ? "" : ", ") + level;
	throw fm::Error(fm::Error::Kind::BadSetting,
	                "level '" + settings.level + "' does not exist; this backbone has " +
	                        names);
}

} /* namespace */

struct _GstFeatureMosaicPad {
	GstPad parent;
	State *state;
};

G_DEFINE_TYPE(GstFeatureMosaicPad, gst_feature_mosaic_pad, GST_TYPE_PAD)

namespace {

void postRefusal(GstFeatureMosaicPad *self, const fm::Error &error)
{
	g_autoptr(GstElement) element = gst_pad_get_parent_element(GST_PAD(self));
	postRefusal(element, error);
}

/* Tells who listens of each property that is another one. */
void notifyChanges(GstFeatureMosaicPad *self, const fm::ViewSettings &before,
                   const fm::ViewSettings &after)
{
	for (const ViewProperty &property : viewProperties) {
		GParamSpec *spec =
			g_object_class_find_property(G_OBJECT_GET_CLASS(self), property.name);
		g_auto(GValue) one = G_VALUE_INIT;
		g_auto(GValue) other = G_VALUE_INIT;
		g_value_init(&one, spec->value_type);
		g_value_init(&other, spec->value_type);
		getProperty(before, property, &one);
		getProperty(after, property, &other);
		if (g_param_values_cmp(spec, &one, &other) != 0)
			g_object_notify_by_pspec(G_OBJECT(self), spec);
	}
}

} /* namespace */

fm::ViewSettings gst_feature_mosaic_pad_get_settings(GstFeatureMosaicPad *self)
{
	std::lock_guard lock(self->state->mutex);
	return self->state->settings;
}

std::vector<std::string> gst_feature_mosaic_pad_get_levels(GstFeatureMosaicPad *self)
{
	std::lock_guard lock(self->state->mutex);
	return self->state->levels;
}

void gst_feature_mosaic_pad_set_levels(GstFeatureMosaicPad *self, std::vector<std::string> levels)
{
	std::lock_guard lock(self->state->mutex);
	self->state->levels = std::move(levels);
}

void gst_feature_mosaic_pad_set_shown(GstFeatureMosaicPad *self, std::vector<fm::ShownPanel> panels)
{
	std::lock_guard lock(self->state->mutex);
	std::swap(self->state->shown, panels);
}

/* All at once: a frame has what was set before, or all of it. */
bool gst_feature_mosaic_pad_click(GstFeatureMosaicPad *self, double x, double y)
{
	State *state = self->state;
	fm::ViewSettings before, after;
	try {
		std::lock_guard lock(state->mutex);
		before = state->settings;
		const auto clicked =
			state->closeUp.click(before, fm::channelAt(state->shown, x, y));
		if (!clicked)
			return false;
		checkLevel(*clicked, state->levels);
		after = state->settings = *clicked;
	} catch (const fm::Error &error) {
		postRefusal(self, error);
		return true;
	}
	notifyChanges(self, before, after);
	return true;
}

static void gst_feature_mosaic_pad_set_property(GObject *object, guint id, const GValue *value,
                                                GParamSpec *)
{
	State *state = GST_FEATURE_MOSAIC_PAD(object)->state;
	try {
		std::lock_guard lock(state->mutex);
		fm::ViewSettings settings = state->settings;
		setProperty(settings, viewProperties[id - 1], value);
		checkLevel(settings, state->levels);
		state->settings = std::move(settings);
	} catch (const fm::Error &error) {
		postRefusal(GST_FEATURE_MOSAIC_PAD(object), error);
	}
}

static void gst_feature_mosaic_pad_get_property(GObject *object, guint id, GValue *value,
                                                GParamSpec *)
{
	getProperty(gst_feature_mosaic_pad_get_settings(GST_FEATURE_MOSAIC_PAD(object)),
	            viewProperties[id - 1], value);
}

static void gst_feature_mosaic_pad_init(GstFeatureMosaicPad *self)
{
	self->state = new State;
}

static void gst_feature_mosaic_pad_finalize(GObject *object)
{
	delete GST_FEATURE_MOSAIC_PAD(object)->state;
	G_OBJECT_CLASS(gst_feature_mosaic_pad_parent_class)->finalize(object);
}

static void gst_feature_mosaic_pad_class_init(GstFeatureMosaicPadClass *klass)
{
	GObjectClass *object_class = G_OBJECT_CLASS(klass);

	object_class->set_property = gst_feature_mosaic_pad_set_property;
	object_class->get_property = gst_feature_mosaic_pad_get_property;
	object_class->finalize = gst_feature_mosaic_pad_finalize;
	installProperties<fm::ViewSettings>(object_class, viewProperties, 1,
	                                    GST_PARAM_MUTABLE_PLAYING, GST_PARAM_CONTROLLABLE);
}
