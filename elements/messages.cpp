/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "messages.h"

#include "debug.h"

namespace {

GstMessage *modelMessage(GstObject *source, const fm::ModelInfo &model)
{
	GstStructure *structure = gst_structure_new(
		"featuremosaic-model", "backbone", G_TYPE_STRING, model.backbone.c_str(), "device",
		G_TYPE_STRING, model.device.c_str(), "precision", G_TYPE_STRING,
		model.precision.c_str(), "weights", G_TYPE_STRING,
		model.weights.empty() ? nullptr : model.weights.c_str(), nullptr);

	g_auto(GValue) levels = G_VALUE_INIT;
	gst_value_array_init(&levels, static_cast<guint>(model.levels.size()));
	for (const fm::Level &level : model.levels) {
		g_auto(GValue) value = G_VALUE_INIT;
		g_value_init(&value, GST_TYPE_STRUCTURE);
		g_value_take_boxed(&value, gst_structure_new("level", "name", G_TYPE_STRING,
		                                             level.name.c_str(), "channels",
		                                             G_TYPE_INT, level.channels, "stride",
		                                             G_TYPE_INT, level.stride, nullptr));
		gst_value_array_append_value(&levels, &value);
	}
	gst_structure_set_value(structure, "levels", &levels);
	return gst_message_new_element(source, structure);
}

} /* namespace */

void announceModel(GstElement *element, const fm::ModelInfo &model)
{
	GST_INFO_OBJECT(element, "%s in %s on %s", model.backbone.c_str(), model.precision.c_str(),
	                model.device.c_str());
	gst_element_post_message(element, modelMessage(GST_OBJECT(element), model));
	for (const std::string &warning : model.warnings)
		GST_ELEMENT_WARNING(element, RESOURCE, SETTINGS, ("%s", warning.c_str()),
		                    (nullptr));
}
