/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "negotiation.h"

#include "cudamemory.h"

namespace {

constexpr const char *sharedFields[] = { "framerate", "pixel-aspect-ratio" };

/* video/x-raw with nothing but the fields that both sides share. */
GstStructure *sharedPart(const GstStructure *structure)
{
	GstStructure *shared = gst_structure_new_empty("video/x-raw");
	for (const char *field : sharedFields)
		if (const GValue *value = gst_structure_get_value(structure, field))
			gst_structure_set_value(shared, field, value);
	return shared;
}

/* The picture that \a width or \a height, whichever is fixed, makes natural. */
fm::MosaicLayout preferredLayout(const GstStructure *structure, fm::Size video, fm::Grid grid)
{
	gint width = 0;
	gint height = 0;
	if (gst_structure_get_int(structure, "width", &width))
		return fm::MosaicLayout::ofWidth(width, video, grid);
	if (gst_structure_get_int(structure, "height", &height))
		return fm::MosaicLayout::ofHeight(height, video, grid);
	return fm::MosaicLayout::ofWidth(video.width, video, grid);
}

void fixateInt(GstStructure *structure, const char *field, gint target)
{
	if (gst_structure_has_field(structure, field))
		gst_structure_fixate_field_nearest_int(structure, field, target);
	else
		gst_structure_set(structure, field, G_TYPE_INT, target, nullptr);
}

} /* namespace */

GstCaps *capsOfSameRate(GstCaps *templ, GstCaps *peer)
{
	g_autoptr(GstCaps) shared = gst_caps_new_empty();
	for (guint i = 0; i < gst_caps_get_size(peer); ++i)
		shared = gst_caps_merge_structure_full(shared,
		                                       sharedPart(gst_caps_get_structure(peer, i)),
		                                       gst_caps_features_new_any());
	return gst_caps_is_any(peer)
	               ? gst_caps_ref(templ)
	               : gst_caps_intersect_full(templ, shared, GST_CAPS_INTERSECT_FIRST);
}

bool isOfCudaMemory(const GstCaps *caps)
{
	return gst_caps_get_size(caps) > 0 &&
	       gst_caps_features_contains(gst_caps_get_features(caps, 0), cudaMemoryFeature);
}

namespace {

/* Those of \a caps that are of CUDA memory, or the others. */
GstCaps *ofMemory(const GstCaps *caps, bool cuda)
{
	GstCaps *result = gst_caps_new_empty();
	for (guint i = 0; i < gst_caps_get_size(caps); ++i) {
		const GstCapsFeatures *features = gst_caps_get_features(caps, i);
		if ((gst_caps_features_contains(features, cudaMemoryFeature) != FALSE) == cuda)
			gst_caps_append_structure_full(
				result, gst_structure_copy(gst_caps_get_structure(caps, i)),
				gst_caps_features_copy(features));
	}
	return result;
}

} /* namespace */

GstCaps *withoutCudaMemory(GstCaps *caps)
{
	g_autoptr(GstCaps) owned = caps;
	return ofMemory(owned, false);
}

GstCaps *preferringCudaMemory(GstCaps *caps)
{
	g_autoptr(GstCaps) owned = caps;
	GstCaps *preferred = ofMemory(owned, true);
	gst_caps_append(preferred, ofMemory(owned, false));
	return preferred;
}

MosaicCaps fixateMosaic(GstCaps *allowed, fm::Size video, fm::Grid grid)
{
	if (gst_caps_is_empty(allowed))
		return { nullptr, {} };

	g_autoptr(GstCaps) caps = gst_caps_copy_nth(allowed, 0);
	GstStructure *structure = gst_caps_get_structure(caps, 0);
	fm::MosaicLayout layout = preferredLayout(structure, video, grid);
	fixateInt(structure, "width", layout.size.width);

	gint width = 0;
	gint height = 0;
	gst_structure_get_int(structure, "width", &width);
	if (width != layout.size.width)
		layout = fm::MosaicLayout::ofWidth(width, video, grid);
	fixateInt(structure, "height", layout.size.height);
	gst_structure_get_int(structure, "height", &height);
	if (layout.size != fm::Size{ width, height })
		layout = fm::MosaicLayout::inside({ width, height }, video, grid);

	gst_structure_set(structure, "interlace-mode", G_TYPE_STRING, "progressive", nullptr);
	return { gst_caps_fixate(g_steal_pointer(&caps)), layout };
}

void answerCapsQuery(GstPad *pad, GstPad *other, GstQuery *query, bool mayUseCudaMemory)
{
	GstCaps *filter = nullptr;
	gst_query_parse_caps(query, &filter);

	GstCaps *all = gst_pad_get_pad_template_caps(pad);
	g_autoptr(GstCaps) templ =
		mayUseCudaMemory ? preferringCudaMemory(all) : withoutCudaMemory(all);
	g_autoptr(GstCaps) peer = gst_pad_peer_query_caps(other, nullptr);
	g_autoptr(GstCaps) caps = capsOfSameRate(templ, peer);
	g_autoptr(GstCaps) result =
		filter ? gst_caps_intersect_full(filter, caps, GST_CAPS_INTERSECT_FIRST)
		       : gst_caps_ref(caps);
	gst_query_set_caps_result(query, result);
}
