/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "negotiation.h"

#include <string_view>

#include "cudamemory.h"

namespace {

/* \a name with nothing but the fields that both sides share; what is no video has no pixels. */
GstStructure *sharedPart(const GstStructure *structure, const char *name)
{
	GstStructure *shared = gst_structure_new_empty(name);
	const bool isVideo = std::string_view(name) == "video/x-raw";
	for (const char *field : { "framerate", "pixel-aspect-ratio" }) {
		const GValue *value = gst_structure_get_value(structure, field);
		if (value && (isVideo || std::string_view(field) == "framerate"))
			gst_structure_set_value(shared, field, value);
	}
	return shared;
}

/* The size that \a width or \a height, whichever is fixed, makes natural. */
fm::Size preferredSize(const GstStructure *structure, const fm::Composition &composition)
{
	gint width = 0;
	gint height = 0;
	if (gst_structure_get_int(structure, "width", &width))
		return composition.ofWidth(width);
	if (gst_structure_get_int(structure, "height", &height))
		return composition.ofHeight(height);
	return composition.preferred();
}

void fixateInt(GstStructure *structure, const char *field, gint target)
{
	if (gst_structure_has_field(structure, field))
		gst_structure_fixate_field_nearest_int(structure, field, target);
	else
		gst_structure_set(structure, field, G_TYPE_INT, target, nullptr);
}

/* Not so features of any kind, which contain all. */
bool namesCudaMemory(const GstCaps *caps, guint index)
{
	const GstCapsFeatures *features = gst_caps_get_features(caps, index);
	return !gst_caps_features_is_any(features) &&
	       gst_caps_features_contains(features, cudaMemoryFeature);
}

/* Those of \a caps that are of CUDA memory, or the others. */
GstCaps *ofMemory(const GstCaps *caps, bool cuda)
{
	GstCaps *result = gst_caps_new_empty();
	for (guint i = 0; i < gst_caps_get_size(caps); ++i)
		if (namesCudaMemory(caps, i) == cuda)
			gst_caps_append_structure_full(
				result, gst_structure_copy(gst_caps_get_structure(caps, i)),
				gst_caps_features_copy(gst_caps_get_features(caps, i)));
	return result;
}

} /* namespace */

GstCaps *capsOfSameRate(GstCaps *templ, GstCaps *peer)
{
	if (gst_caps_is_empty(templ) || gst_caps_is_any(peer))
		return gst_caps_ref(templ);
	g_autoptr(GstCaps) shared = gst_caps_new_empty();
	const char *name = gst_structure_get_name(gst_caps_get_structure(templ, 0));
	for (guint i = 0; i < gst_caps_get_size(peer); ++i)
		shared = gst_caps_merge_structure_full(
			shared, sharedPart(gst_caps_get_structure(peer, i), name),
			gst_caps_features_new_any());
	return gst_caps_intersect_full(templ, shared, GST_CAPS_INTERSECT_FIRST);
}

GstCaps *ownCaps(GstPad *pad, bool mayUseCudaMemory)
{
	g_autoptr(GstCaps) all = gst_pad_get_pad_template_caps(pad);
	GstCaps *caps = mayUseCudaMemory ? ofMemory(all, true) : gst_caps_new_empty();
	return gst_caps_merge(caps, ofMemory(all, false));
}

GstCaps *capsInCommon(GstCaps *own, GstCaps *peer)
{
	g_autoptr(GstCaps) ownCuda = ofMemory(own, true);
	g_autoptr(GstCaps) ownSystem = ofMemory(own, false);
	g_autoptr(GstCaps) named = ofMemory(peer, true);
	GstCaps *common = gst_caps_intersect_full(ownCuda, named, GST_CAPS_INTERSECT_FIRST);
	return gst_caps_merge(common,
	                      gst_caps_intersect_full(ownSystem, peer, GST_CAPS_INTERSECT_FIRST));
}

bool isOfCudaMemory(const GstCaps *caps)
{
	return gst_caps_get_size(caps) > 0 && namesCudaMemory(caps, 0);
}

GstCaps *fixateComposition(GstCaps *allowed, const fm::Composition &composition)
{
	if (gst_caps_is_empty(allowed))
		return nullptr;

	g_autoptr(GstCaps) caps = gst_caps_copy_nth(allowed, 0);
	GstStructure *structure = gst_caps_get_structure(caps, 0);
	fm::Size size = preferredSize(structure, composition);
	fixateInt(structure, "width", size.width);

	gint width = 0;
	gst_structure_get_int(structure, "width", &width);
	if (width != size.width)
		size = composition.ofWidth(width);
	fixateInt(structure, "height", size.height);

	gst_structure_set(structure, "interlace-mode", G_TYPE_STRING, "progressive", nullptr);
	return gst_caps_fixate(g_steal_pointer(&caps));
}
