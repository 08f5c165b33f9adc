/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For .cu files: how kernels go through the maps of a level, and sum up each of them. */
#include <algorithm>

#include "kernel.h"
#include "viewkernels.h"

namespace fm {

constexpr int blockSize = 256;
/* Values that are worth a block, and the most blocks for one set of channels. */
constexpr int valuesPerBlock = 8192;
constexpr int mostParts = 256;

/*
 * How a block goes through maps that lie side by side: each thread keeps to one channel, threads
 * next to each other read values next to each other.
 */
struct Walk {
	int channel;     /* Of this thread; at or beyond the maps' channels where it has none. */
	int lane, lanes; /* Among the threads of its channel, and how many those are. */
	int pitch;       /* From one of them to the next, in threads. */
	int begin, step, end; /* Its pixels. */
};

template<typename T>
__device__ Walk walk(const BasicFeatureMaps<T> &maps)
{
	const int thread = static_cast<int>(threadIdx.x);
	const int first = static_cast<int>(blockIdx.y) * blockSize;
	const int left = maps.channels - first;
	const int here = left < blockSize ? left : blockSize;
	const int lanes = blockSize / here;
	const int lane = thread / here;
	const int parts = static_cast<int>(gridDim.x);
	return { lane < lanes ? first + thread % here : maps.channels,
		 lane,
		 lanes,
		 here,
		 static_cast<int>(blockIdx.x) * lanes + lane,
		 parts * lanes,
		 maps.height * maps.width };
}

template<typename T>
dim3 walkGrid(const BasicFeatureMaps<T> &maps, int perBlock = valuesPerBlock, int most = mostParts)
{
	const long long values =
		1LL * maps.height * maps.width * std::min(maps.channels, blockSize);
	const auto parts = std::clamp<long long>(values / perBlock, 1, most);
	return { static_cast<unsigned>(parts), blocksFor(maps.channels, blockSize) };
}

template<typename T>
__device__ float valueAt(const BasicFeatureMaps<T> &maps, int pixel, int channel)
{
	return toFloat(maps.data[static_cast<std::ptrdiff_t>(pixel) * maps.channels + channel]);
}

/* What is summed up besides the maps' values. */
struct SumOptions {
	const void *before =
		nullptr; /* Maps of the same shape and type: the differences to them. */
	const uint8_t *marks = nullptr; /* By pixel, whether it is one of some; without them all. */
};

/*
 * Sums of one block's values of each channel, in a fixed order, so that the same maps always give
 * the same. Where there are maps before, of the differences to those.
 */
template<typename Sum, typename T>
__global__ void sumParts(BasicFeatureMaps<T> maps, BasicFeatureMaps<T> before, const uint8_t *marks,
                         Sum *parts)
{
	__shared__ Sum sums[blockSize];
	const Walk mine = walk(maps);
	const bool hasChannel = mine.channel < maps.channels;

	Sum sum = Sum::startingAt(hasChannel ? valueAt(maps, 0, mine.channel) : 0.0f);
	if (hasChannel)
		for (int pixel = mine.begin; pixel < mine.end; pixel += mine.step) {
			const float value =
				valueAt(maps, pixel, mine.channel) -
				(before.data ? valueAt(before, pixel, mine.channel) : 0.0f);
			if constexpr (requires { sum.add(value, true); })
				sum.add(value, !marks || marks[pixel] != 0);
			else
				sum.add(value);
		}
	sums[threadIdx.x] = sum;
	__syncthreads();

	if (!hasChannel || mine.lane != 0)
		return;
	for (int lane = 1; lane < mine.lanes; ++lane)
		sum.join(sums[lane * mine.pitch + static_cast<int>(threadIdx.x)]);
	parts[static_cast<std::ptrdiff_t>(blockIdx.x) * maps.channels + mine.channel] = sum;
}

template<typename Sum, typename Result>
__global__ void joinParts(const Sum *parts, int partCount, int channels, Result *results)
{
	const int channel = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
	if (channel >= channels)
		return;
	Sum all = parts[channel];
	for (int part = 1; part < partCount; ++part)
		all.join(parts[static_cast<std::ptrdiff_t>(part) * channels + channel]);
	results[channel] = all.result();
}

/** \brief Bytes of scratch memory that launchSums() wants */
template<typename Sum>
std::size_t partsBytes(const DeviceMaps &maps)
{
	return sizeof(Sum) * walkGrid(maps.as<float>()).x * maps.channels;
}

/**
 * \brief Sums up each of \a maps as a \a Sum, whose result() goes to \a results
 */
template<typename Sum, typename Result>
void launchSums(const DeviceMaps &maps, const SumOptions &options, void *scratch, Result *results,
                CUstream_st *stream)
{
	auto *parts = static_cast<Sum *>(scratch);
	DeviceMaps mapsBefore = maps;
	mapsBefore.data = options.before;
	const dim3 grid = walkGrid(maps.as<float>());
	withElementType(maps.type, [&](auto example) {
		using T = decltype(example);
		launch(sumParts<Sum, T>, grid, blockSize, stream, maps.as<T>(), mapsBefore.as<T>(),
		       options.marks, parts);
	});
	launch(joinParts<Sum, Result>, blocksFor(maps.channels, blockSize), blockSize, stream,
	       parts, static_cast<int>(grid.x), maps.channels, results);
}

} /* namespace fm */
