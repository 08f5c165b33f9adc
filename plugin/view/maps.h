/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>

#include "hostdevice.h"

namespace fm {

/** \brief One feature map, [height, width], strides in elements; owns nothing */
struct MapView {
	const float *data;
	int width, height;
	std::ptrdiff_t rowStride, columnStride;

	FM_HOST_DEVICE float at(int x, int y) const { return row(y)[x * columnStride]; }
	FM_HOST_DEVICE const float *row(int y) const { return data + y * rowStride; }
};

/** \brief All maps of a level, [channels, height, width], strides in elements; owns nothing */
struct FeatureMaps {
	const float *data;
	int channels, height, width;
	std::ptrdiff_t channelStride, rowStride, columnStride;

	FM_HOST_DEVICE MapView map(int channel) const
	{
		return { data + channel * channelStride, width, height, rowStride, columnStride };
	}
};

} /* namespace fm */
