/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "featuremosaicpad.h"

#include <algorithm>
#include <mutex>
#include <span>

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

State *stateOf(gpointer pad);

void postRefusal(gpointer pad, const fm::Error &error)
{
	g_autoptr(GstElement) element = gst_pad_get_parent_element(GST_PAD(pad));
	postRefusal(element, error);
}

void set(GObject *pad, const ViewProperty &property, const GValue *value)
{
	State *state = stateOf(pad);
	try {
		std::lock_guard lock(state->mutex);
		fm::ViewSettings settings = state->settings;
		setProperty(settings, property, value);
		checkLevel(settings, state->levels);
		state->settings = std::move(settings);
	} catch (const fm::Error &error) {
		postRefusal(pad, error);
	}
}

void get(GObject *pad, const ViewProperty &property, GValue *value)
{
	getProperty(gst_feature_mosaic_pad_get_settings(GST_FEATURE_MOSAIC_PAD(pad)), property,
	            value);
}

} /* namespace */

struct GstFeatureMosaicPadPrivate {
	State *state;
};

struct _GstFeatureMosaicPicturePad {
	GstFeatureMosaicPad parent;
};

struct _GstFeatureMosaicTensorPad {
	GstFeatureMosaicPad parent;
};

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE(GstFeatureMosaicPad, gst_feature_mosaic_pad, GST_TYPE_PAD)
G_DEFINE_TYPE(GstFeatureMosaicPicturePad, gst_feature_mosaic_picture_pad,
              GST_TYPE_FEATURE_MOSAIC_PAD)
G_DEFINE_TYPE(GstFeatureMosaicTensorPad, gst_feature_mosaic_tensor_pad, GST_TYPE_FEATURE_MOSAIC_PAD)

namespace {

State *stateOf(gpointer pad)
{
	auto *self = GST_FEATURE_MOSAIC_PAD(pad);
	return static_cast<GstFeatureMosaicPadPrivate *>(
		       gst_feature_mosaic_pad_get_instance_private(self))
	        ->state;
}

/* Tells who listens of each property that is another one. */
void notifyChanges(GstFeatureMosaicPad *self, const fm::ViewSettings &before,
                   const fm::ViewSettings &after)
{
	using Table = std::span<const ViewProperty>;
	for (const Table &table : { Table(mapProperties), Table(pictureProperties) })
		for (const ViewProperty &property : table) {
			GParamSpec *spec = g_object_class_find_property(G_OBJECT_GET_CLASS(self),
			                                                property.name);
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
	State *state = stateOf(self);
	std::lock_guard lock(state->mutex);
	return state->settings;
}

std::vector<std::string> gst_feature_mosaic_pad_get_levels(GstFeatureMosaicPad *self)
{
	State *state = stateOf(self);
	std::lock_guard lock(state->mutex);
	return state->levels;
}

void gst_feature_mosaic_pad_set_levels(GstFeatureMosaicPad *self, std::vector<std::string> levels)
{
	State *state = stateOf(self);
	std::lock_guard lock(state->mutex);
	state->levels = std::move(levels);
}

void gst_feature_mosaic_pad_set_shown(GstFeatureMosaicPad *self, std::vector<fm::ShownPanel> panels)
{
	State *state = stateOf(self);
	std::lock_guard lock(state->mutex);
	std::swap(state->shown, panels);
}

/* All at once: a frame has what was set before, or all of it. */
bool gst_feature_mosaic_pad_click(GstFeatureMosaicPad *self, double x, double y)
{
	State *state = stateOf(self);
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
	set(object, mapProperties[id - 1], value);
}

static void gst_feature_mosaic_pad_get_property(GObject *object, guint id, GValue *value,
                                                GParamSpec *)
{
	get(object, mapProperties[id - 1], value);
}

static void gst_feature_mosaic_pad_init(GstFeatureMosaicPad *self)
{
	static_cast<GstFeatureMosaicPadPrivate *>(gst_feature_mosaic_pad_get_instance_private(self))
		->state = new State;
}

static void gst_feature_mosaic_pad_finalize(GObject *object)
{
	delete stateOf(object);
	G_OBJECT_CLASS(gst_feature_mosaic_pad_parent_class)->finalize(object);
}

static void gst_feature_mosaic_pad_class_init(GstFeatureMosaicPadClass *klass)
{
	GObjectClass *object_class = G_OBJECT_CLASS(klass);

	object_class->set_property = gst_feature_mosaic_pad_set_property;
	object_class->get_property = gst_feature_mosaic_pad_get_property;
	object_class->finalize = gst_feature_mosaic_pad_finalize;
	installProperties<fm::ViewSettings>(object_class, mapProperties, 1,
	                                    GST_PARAM_MUTABLE_PLAYING, GST_PARAM_CONTROLLABLE);
}

static void gst_feature_mosaic_picture_pad_set_property(GObject *object, guint id,
                                                        const GValue *value, GParamSpec *)
{
	set(object, pictureProperties[id - 1], value);
}

static void gst_feature_mosaic_picture_pad_get_property(GObject *object, guint id, GValue *value,
                                                        GParamSpec *)
{
	get(object, pictureProperties[id - 1], value);
}

static void gst_feature_mosaic_picture_pad_init(GstFeatureMosaicPicturePad *) {}

static void gst_feature_mosaic_picture_pad_class_init(GstFeatureMosaicPicturePadClass *klass)
{
	GObjectClass *object_class = G_OBJECT_CLASS(klass);

	object_class->set_property = gst_feature_mosaic_picture_pad_set_property;
	object_class->get_property = gst_feature_mosaic_picture_pad_get_property;
	installProperties<fm::ViewSettings>(object_class, pictureProperties, 1,
	                                    GST_PARAM_MUTABLE_PLAYING, GST_PARAM_CONTROLLABLE);
}

static void gst_feature_mosaic_tensor_pad_init(GstFeatureMosaicTensorPad *self)
{
	stateOf(self)->settings.view = fm::View::Tensor;
}

static void gst_feature_mosaic_tensor_pad_class_init(GstFeatureMosaicTensorPadClass *) {}
