/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "regions.h"

#include <algorithm>
#include <limits>

#include <gst/video/gstvideometa.h>

namespace {

int side(guint pixels)
{
	return static_cast<int>(std::min<guint>(pixels, std::numeric_limits<int>::max()));
}

} /* namespace */

std::vector<fm::Region> regionsOf(GstBuffer *buffer)
{
	std::vector<fm::Region> regions;
	gpointer state = nullptr;
	while (GstMeta *meta = gst_buffer_iterate_meta_filtered(
		       buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) {
		const auto *roi = reinterpret_cast<GstVideoRegionOfInterestMeta *>(meta);
		/* Negative where an object is about to leave the picture, whatever the type. */
		regions.push_back({ static_cast<int>(roi->x), static_cast<int>(roi->y),
		                    side(roi->w), side(roi->h) });
	}
	return regions;
}
