/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "statistics.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace fm {

namespace {

template<typename Visit>
void forEachNumber(const MapView &map, Visit &&visit)
{
	for (int y = 0; y < map.height; ++y)
		for (int x = 0; x < map.width; ++x)
			if (const float value = map.at(x, y); !std::isnan(value))
				visit(value);
}

/* Reorders \a values. */
float quantile(std::vector<float> &values, double q)
{
	const double position = q * static_cast<double>(values.size() - 1);
	const auto below = values.begin() + static_cast<std::ptrdiff_t>(position);
	std::nth_element(values.begin(), below, values.end());
	if (below + 1 == values.end())
		return *below;

	const double low = *below;
	const double high = *std::min_element(below + 1, values.end());
	return static_cast<float>(low + (high - low) * (position - std::floor(position)));
}

} /* namespace */

Range minMax(const MapView &map)
{
	constexpr float infinity = std::numeric_limits<float>::infinity();
	Range range = { infinity, -infinity };
	forEachNumber(map, [&](float value) {
		range.low = std::min(range.low, value);
		range.high = std::max(range.high, value);
	});
	return range.low <= range.high ? range : Range{ 0.0f, 0.0f };
}

Range quantiles(const MapView &map, double low, double high)
{
	std::vector<float> values;
	values.reserve(static_cast<std::size_t>(map.width) * map.height);
	forEachNumber(map, [&](float value) { values.push_back(value); });
	if (values.empty())
		return { 0.0f, 0.0f };

	const float lowest = quantile(values, low);
	return { lowest, quantile(values, high) };
}

float meanMagnitude(const MapView &map)
{
	double sum = 0.0;
	std::size_t count = 0;
	forEachNumber(map, [&](float value) {
		sum += std::abs(value);
		++count;
	});
	return count != 0 ? static_cast<float>(sum / static_cast<double>(count)) : 0.0f;
}

} /* namespace fm */
