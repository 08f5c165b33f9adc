/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>

#include "hostdevice.h"

namespace fm {

FM_HOST_DEVICE inline float toFloat(float value)
{
	return value;
}

/** \brief One feature map, [height, width], strides in elements; owns nothing */
template<typename T>
struct BasicMapView {
	const T *data;
	int width, height;
	std::ptrdiff_t rowStride, columnStride;

	FM_HOST_DEVICE float at(int x, int y) const { return toFloat(row(y)[x * columnStride]); }
	FM_HOST_DEVICE const T *row(int y) const { return data + y * rowStride; }
};

/** \brief All maps of a level, [channels, height, width], strides in elements; owns nothing */
template<typename T>
struct BasicFeatureMaps {
	const T *data;
	int channels, height, width;
	std::ptrdiff_t channelStride, rowStride, columnStride;

	FM_HOST_DEVICE BasicMapView<T> map(int channel) const
	{
		return { data + channel * channelStride, width, height, rowStride, columnStride };
	}
};

using MapView = BasicMapView<float>;
using FeatureMaps = BasicFeatureMaps<float>;

} /* namespace fm */
