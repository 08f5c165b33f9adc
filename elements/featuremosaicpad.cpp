/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "featuremosaicpad.h"

#include <algorithm>
#include <mutex>

#include "error.h"
#include "guard.h"
#include "viewproperties.h"

namespace {

struct State {
	std::mutex mutex;                /* Innermost: nothing is called with it held. */
	fm::ViewSettings settings;       /* Protected by mutex. */
	std::vector<std::string> levels; /* Protected by mutex. */
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
		g_autoptr(GstElement) element = gst_pad_get_parent_element(GST_PAD(object));
		postRefusal(element, error);
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
