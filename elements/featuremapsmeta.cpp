/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "featuremapsmeta.h"

namespace {

constexpr const char *metaName = "GstFeatureMapsMeta";

} /* namespace */

void registerFeatureMapsMeta()
{
	static const gchar *noTags[] = { nullptr };
	gst_meta_register_custom(metaName, noTags, nullptr, nullptr, nullptr);
}

void addFeatureMapsMeta(GstBuffer *buffer, const fm::TensorContent &content)
{
	GstStructure *structure =
		gst_custom_meta_get_structure(gst_buffer_add_custom_meta(buffer, metaName));
	g_auto(GValue) channels = G_VALUE_INIT;
	gst_value_array_init(&channels, static_cast<guint>(content.channels.size()));
	for (const int channel : content.channels) {
		g_auto(GValue) value = G_VALUE_INIT;
		g_value_init(&value, G_TYPE_INT);
		g_value_set_int(&value, channel);
		gst_value_array_append_value(&channels, &value);
	}
	gst_structure_set(structure, "level", G_TYPE_STRING, content.level.name.c_str(), "stride",
	                  G_TYPE_INT, content.level.stride, nullptr);
	gst_structure_set_value(structure, "channels", &channels);
}
