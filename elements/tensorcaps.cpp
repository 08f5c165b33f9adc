/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tensorcaps.h"

#include <string_view>

GstCaps *tensorCapsInCommon(GstCaps *own, GstCaps *peer, const GstVideoInfo &input)
{
	g_autoptr(GstCaps) both = gst_caps_intersect_full(own, peer, GST_CAPS_INTERSECT_FIRST);
	g_autoptr(GstCaps) rate = gst_caps_new_simple(
		FM_TENSOR_MEDIA_TYPE, "framerate", GST_TYPE_FRACTION, GST_VIDEO_INFO_FPS_N(&input),
		GST_VIDEO_INFO_FPS_D(&input), nullptr);
	return gst_caps_intersect_full(both, rate, GST_CAPS_INTERSECT_FIRST);
}

GstCaps *fixateTensor(GstCaps *allowed, const fm::TensorContent &content)
{
	g_autoptr(GstCaps) own = gst_caps_new_simple(
		FM_TENSOR_MEDIA_TYPE, "level", G_TYPE_STRING, content.level.name.c_str(),
		"channels", G_TYPE_INT, static_cast<int>(content.channels.size()), "height",
		G_TYPE_INT, content.size.height, "width", G_TYPE_INT, content.size.width, nullptr);
	g_autoptr(GstCaps) both = gst_caps_intersect_full(allowed, own, GST_CAPS_INTERSECT_FIRST);
	return gst_caps_is_empty(both) ? nullptr : gst_caps_fixate(g_steal_pointer(&both));
}

fm::ElementType elementTypeOf(const GstCaps *caps)
{
	const char *format = gst_structure_get_string(gst_caps_get_structure(caps, 0), "format");
	return std::string_view(format) == "F16LE" ? fm::ElementType::Float16
	                                           : fm::ElementType::Float32;
}
