/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include "parallel.h"

namespace fm {

namespace {

/* Rows of maps that are worth a thread. */
constexpr int grain = 16;

/* Limits of several maps; neither takes in what is not a number. */
struct Limits {
	explicit Limits(std::size_t count)
		: low(count, std::numeric_limits<float>::infinity()),
		  high(count, -std::numeric_limits<float>::infinity())
	{
	}

	void add(std::size_t k, float lowest, float highest)
	{
		low[k] = lowest < low[k] ? lowest : low[k];
		high[k] = highest > high[k] ? highest : high[k];
	}

	std::vector<float> low, high;
};

/* Maps that lie side by side, channels last: one pixel's values are taken in at once. */
void addAdjacentRow(const float *values, int count, int width, std::ptrdiff_t columnStride,
                    Limits &limits)
{
	float *low = limits.low.data();
	float *high = limits.high.data();
	for (int x = 0; x < width; ++x, values += columnStride)
		for (int k = 0; k < count; ++k) {
			low[k] = values[k] < low[k] ? values[k] : low[k];
			high[k] = values[k] > high[k] ? values[k] : high[k];
		}
}

bool areAdjacent(const FeatureMaps &maps, const std::vector<int> &places)
{
	for (std::size_t k = 1; k < places.size(); ++k)
		if (places[k] != places[k - 1] + 1)
			return false;
	return maps.channelStride == 1;
}

void addRow(const FeatureMaps &maps, const std::vector<int> &places, int y, Limits &limits)
{
	for (std::size_t k = 0; k < places.size(); ++k) {
		const MapView map = maps.map(places[k]);
		for (int x = 0; x < map.width; ++x)
			limits.add(k, map.at(x, y), map.at(x, y));
	}
}

const float *pixelOf(const FeatureMaps &maps, int x, int y)
{
	return maps.data + y * maps.rowStride + x * maps.columnStride;
}

/* Mean magnitudes of several maps, of what is a number. */
class Magnitudes
{
public:
	explicit Magnitudes(int channels) : sums_(channels), counts_(channels) {}

	/* The values at one place. */
	void add(const FeatureMaps &maps, const FeatureMaps *before, int x, int y)
	{
		const float *now = pixelOf(maps, x, y);
		const std::ptrdiff_t stride = maps.channelStride;
		if (!before)
			return addEach([=](int c) { return now[c * stride]; });
		const float *then = pixelOf(*before, x, y);
		const std::ptrdiff_t strideThen = before->channelStride;
		addEach([=](int c) { return now[c * stride] - then[c * strideThen]; });
	}

	double mean(int channel) const
	{
		return counts_[channel] != 0 ? sums_[channel] / counts_[channel] : 0.0;
	}

private:
	template<typename ValueOf>
	void addEach(ValueOf &&valueOf)
	{
		const int channels = static_cast<int>(sums_.size());
		double *sums = sums_.data();
		int *counts = counts_.data();
		for (int c = 0; c < channels; ++c) {
			const float value = valueOf(c);
			const bool isNumber = !std::isnan(value);
			sums[c] += isNumber ? std::abs(value) : 0.0f;
			counts[c] += isNumber ? 1 : 0;
		}
	}

	std::vector<double> sums_;
	std::vector<int> counts_;
};

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

std::vector<Range> minMax(const FeatureMaps &maps, const std::vector<int> &places)
{
	Limits all(places.size());
	if (places.empty())
		return {};
	const bool adjacent = areAdjacent(maps, places);
	std::mutex mutex; /* Protects all. */

	parallelFor(maps.height, grain, [&](int begin, int end) {
		Limits limits(places.size());
		for (int y = begin; y < end; ++y) {
			if (adjacent)
				addAdjacentRow(maps.map(places[0]).row(y),
				               static_cast<int>(places.size()), maps.width,
				               maps.columnStride, limits);
			else
				addRow(maps, places, y, limits);
		}
		std::lock_guard lock(mutex);
		for (std::size_t k = 0; k < places.size(); ++k)
			all.add(k, limits.low[k], limits.high[k]);
	});

	std::vector<Range> ranges(places.size());
	for (std::size_t k = 0; k < places.size(); ++k)
		/* Adding zero makes 0 of -0. */
		ranges[k] = all.low[k] <= all.high[k]
		                    ? Range{ all.low[k] + 0.0f, all.high[k] + 0.0f }
		                    : Range{ 0.0f, 0.0f };
	return ranges;
}

Range quantiles(const MapView &map, double low, double high)
{
	std::vector<float> values;
	values.reserve(static_cast<std::size_t>(map.width) * map.height);
	for (int y = 0; y < map.height; ++y)
		for (int x = 0; x < map.width; ++x)
			if (const float value = map.at(x, y); !std::isnan(value))
				values.push_back(value);
	if (values.empty())
		return { 0.0f, 0.0f };

	const float lowest = quantile(values, low);
	return { lowest, quantile(values, high) };
}

std::vector<float> meanMagnitudes(const FeatureMaps &maps, const FeatureMaps *before,
                                  const Boxes &boxes)
{
	/* Of what the boxes touch, or all, and of the rest. */
	Magnitudes inside(maps.channels);
	Magnitudes outside(maps.channels);
	const Size size = { maps.width, maps.height };
	for (int y = 0; y < maps.height; ++y)
		for (int x = 0; x < maps.width; ++x) {
			const bool isInside = boxes.empty() || boxes.touch(size, x, y);
			(isInside ? inside : outside).add(maps, before, x, y);
		}

	std::vector<float> means(maps.channels);
	for (int c = 0; c < maps.channels; ++c)
		means[c] = static_cast<float>(inside.mean(c) - outside.mean(c));
	return means;
}

std::vector<MapSums> sumUp(const FeatureMaps &maps, const std::vector<int> &places)
{
	std::vector<MapSums> all;
	all.reserve(places.size());
	for (const int place : places)
		all.push_back(MapSums::startingAt(maps.map(place).at(0, 0)));
	std::mutex mutex; /* Protects all. */
	const std::vector<MapSums> none = all;

	parallelFor(maps.height, grain, [&](int begin, int end) {
		std::vector<MapSums> sums = none;
		for (int y = begin; y < end; ++y)
			for (int x = 0; x < maps.width; ++x)
				for (std::size_t k = 0; k < places.size(); ++k)
					sums[k].add(maps.map(places[k]).at(x, y));
		std::lock_guard lock(mutex);
		for (std::size_t k = 0; k < places.size(); ++k)
			all[k].join(sums[k]);
	});
	return all;
}

LevelStatistics summarise(const std::string &level, std::span<const MapSums> maps)
{
	const auto meanOf = [](const MapSums &map) { return map.origin + map.sum / map.numbers; };
	MapSums all = MapSums::startingAt(0.0f);
	int dead = 0;
	double numbers = 0.0;
	double zeros = 0.0;
	double total = 0.0;
	uint64_t notNumbers = 0;
	for (const MapSums &map : maps) {
		dead += map.low < map.high ? 0 : 1;
		notNumbers += map.notNumbers;
		if (map.numbers == 0)
			continue;
		all.low = std::min(all.low, map.low);
		all.high = std::max(all.high, map.high);
		numbers += map.numbers;
		zeros += map.zeros;
		total += map.numbers * meanOf(map);
	}

	const double mean = total / numbers;
	double squares = 0.0; /* Of differences to the mean. */
	for (const MapSums &map : maps) {
		if (map.numbers == 0)
			continue;
		const double apart = meanOf(map) - mean;
		const double within = map.squares - map.sum * map.sum / map.numbers;
		squares += (within < 0.0 ? 0.0 : within) + map.numbers * apart * apart;
	}

	constexpr double none = std::numeric_limits<double>::quiet_NaN();
	return { level, static_cast<int>(maps.size()),
		 /* Adding zero makes 0 of -0. */
		 numbers == 0.0 ? none : all.low + 0.0, numbers == 0.0 ? none : all.high + 0.0,
		 mean, std::sqrt(squares / numbers), zeros / numbers, notNumbers, dead };
}

std::vector<int> ShownStatistics::claim(const std::string &level, std::span<const int> channels)
{
	std::set<int> fresh;
	std::set<int> &known = entry(level).channels;
	for (const int channel : channels)
		if (known.insert(channel).second)
			fresh.insert(channel);
	return { fresh.begin(), fresh.end() };
}

void ShownStatistics::add(const std::string &level, std::span<const MapSums> maps)
{
	std::vector<MapSums> &all = entry(level).maps;
	all.insert(all.end(), maps.begin(), maps.end());
}

std::vector<LevelStatistics> ShownStatistics::levels() const
{
	std::vector<LevelStatistics> levels;
	levels.reserve(entries_.size());
	for (const Entry &entry : entries_)
		levels.push_back(summarise(entry.level, entry.maps));
	return levels;
}

ShownStatistics::Entry &ShownStatistics::entry(const std::string &level)
{
	const auto found = std::ranges::find(entries_, level, &Entry::level);
	return found != entries_.end() ? *found : entries_.emplace_back(Entry{ level, {}, {} });
}

} /* namespace fm */
