/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cmath>

#include "frame/lineartap.h"
#include "maps.h"

namespace fm {

/** \brief Values of a map that the two ends of a colour map stand for */
struct Range {
	float low, high;

	bool operator==(const Range &) const = default;
};

constexpr int notANumber = -1;

/**
 * \brief Entry of a colour map of 256 for \a value
 *
 * min(floor(256 * t), 255) with t = (value - low) / (high - low) clamped to 0..1, in float32 as
 * matplotlib's Normalize and Colormap compute it; 0 where the range is empty. \a gamma is the
 * exponent on t.
 *
 * \return 0..255, or notANumber
 */
FM_HOST_DEVICE inline int colorIndex(float value, Range range, float gamma)
{
	if (std::isnan(value))
		return notANumber;
	if (range.high == range.low)
		return 0;

	float t = (value - range.low) / (range.high - range.low);
	if (std::isnan(t))
		return notANumber;
	t = t < 0.0f ? 0.0f : t > 1.0f ? 1.0f : t;
	if (gamma != 1.0f)
		t = std::pow(t, gamma);

	const int index = static_cast<int>(256.0f * t);
	return index > 255 ? 255 : index;
}

/** \brief Index on a map's axis of \a mapSize for pixel \a pixel of a tile's axis of \a tileSize */
FM_HOST_DEVICE inline int nearestIndex(int pixel, int mapSize, int tileSize)
{
	/* Devices divide 64 bits slowly. */
	if ((pixel | mapSize) < 0x10000)
		return static_cast<int>(static_cast<unsigned>(pixel) * mapSize / tileSize);
	return static_cast<int>(static_cast<long long>(pixel) * mapSize / tileSize);
}

template<typename T>
FM_HOST_DEVICE inline float sampleLinear(const BasicMapView<T> &map, LinearTap x, LinearTap y)
{
	const float top =
		map.at(x.first, y.first) * (1.0f - x.weight) + map.at(x.second, y.first) * x.weight;
	const float bottom = map.at(x.first, y.second) * (1.0f - x.weight) +
	                     map.at(x.second, y.second) * x.weight;
	return top * (1.0f - y.weight) + bottom * y.weight;
}

} /* namespace fm */
