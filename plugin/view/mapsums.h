/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cmath>

#include "hostdevice.h"

namespace fm {

/**
 * \brief What is found of a map in one pass over its values, in any number of parts
 *
 * Differences to one of the map's values are summed in float64, so that a mean that is large beside
 * the deviation does not swallow it.
 */
struct MapSums {
	float low, high; /**< Of the numbers; low is above high where there are none */
	float origin;    /**< The same for all parts of a map */
	int numbers, zeros, notNumbers;
	double sum, squares; /**< Of the numbers' differences to the origin */

	/** \brief Of none of the values yet; \a first is any value of the map */
	FM_HOST_DEVICE static MapSums startingAt(float first)
	{
		const bool isFinite = first - first == 0.0f;
		return { INFINITY, -INFINITY, isFinite ? first : 0.0f, 0, 0, 0, 0.0, 0.0 };
	}

	FM_HOST_DEVICE void add(float value)
	{
		if (std::isnan(value)) {
			++notNumbers;
			return;
		}
		low = value < low ? value : low;
		high = value > high ? value : high;
		++numbers;
		zeros += value == 0.0f ? 1 : 0;
		const double difference = static_cast<double>(value) - origin;
		sum += difference;
		squares += difference * difference;
	}

	FM_HOST_DEVICE void join(const MapSums &other)
	{
		low = other.low < low ? other.low : low;
		high = other.high > high ? other.high : high;
		numbers += other.numbers;
		zeros += other.zeros;
		notNumbers += other.notNumbers;
		sum += other.sum;
		squares += other.squares;
	}

	FM_HOST_DEVICE MapSums result() const { return *this; }
};

} /* namespace fm */
