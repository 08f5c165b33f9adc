/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "hostdevice.h"

namespace fm {

/** \brief The two samples next to a place on one axis, and the weight of the second */
struct LinearTap {
	int first, second;
	float weight;
};

/**
 * \brief Where pixel \a pixel of \a to lies among \a from samples
 *
 * Half-pixel centres, clamped at the edges: as torch.nn.functional.interpolate computes it with
 * align_corners=False.
 */
FM_HOST_DEVICE inline LinearTap linearTap(int pixel, int from, int to)
{
	const float scale = static_cast<float>(from) / static_cast<float>(to);
	float position = (static_cast<float>(pixel) + 0.5f) * scale - 0.5f;
	const float last = static_cast<float>(from - 1);
	position = position < 0.0f ? 0.0f : position > last ? last : position;

	const int first = static_cast<int>(position);
	return { first, first + 1 < from ? first + 1 : first,
		 position - static_cast<float>(first) };
}

} /* namespace fm */
