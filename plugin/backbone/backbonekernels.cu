/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "backbonekernels.h"

#include <cstdint>

#include "kernel.h"

namespace fm {

namespace {

constexpr int blockSize = 256;

/* Values of neighbouring channels, which a thread reads and writes at once. */
template<typename T, int count>
struct alignas(count * sizeof(T)) Pack {
	T at[count];
};

/* What a thread does: a pack of channels of one pixel out. */
struct Place {
	int x, y, pack;

	/* Along a row all packs of a pixel come first. */
	__device__ static Place ofThread(int packs)
	{
		const int inRow = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
		return { inRow / packs, static_cast<int>(blockIdx.y), inRow % packs };
	}
};

/* The pack at a place of maps of so many packs, \a width wide. */
template<typename P>
__device__ P &packAt(P *maps, int width, int packs, const Place &at)
{
	const auto pixel = static_cast<std::ptrdiff_t>(at.y) * width + at.x;
	return maps[pixel * packs + at.pack];
}

template<typename T, int count>
__global__ void maxPool(const Pack<T, count> *in, Size inSize, Pack<T, count> *out, Size outSize,
                        int packs, PoolingWindow window)
{
	const Place place = Place::ofThread(packs);
	if (place.x >= outSize.width)
		return;
	Pack<T, count> most;
	for (int k = 0; k < count; ++k)
		fromFloat(-INFINITY, most.at[k]);
	for (int j = 0; j < window.kernel; ++j)
		for (int i = 0; i < window.kernel; ++i) {
			const int x = place.x * window.stride - window.padding + i;
			const int y = place.y * window.stride - window.padding + j;
			if (x < 0 || y < 0 || x >= inSize.width || y >= inSize.height)
				continue;
			const Pack<T, count> here =
				packAt(in, inSize.width, packs, { x, y, place.pack });
			FM_UNROLL
			for (int k = 0; k < count; ++k) {
				const float value = toFloat(here.at[k]);
				if (value > toFloat(most.at[k]) || isnan(value))
					most.at[k] = here.at[k];
			}
		}
	packAt(out, outSize.width, packs, place) = most;
}

/* As LibTorch finds the nearest: in float32, rounded down. */
__device__ int coarsePlace(int fine, int from, int to)
{
	const float scale = static_cast<float>(from) / static_cast<float>(to);
	const int place = static_cast<int>(floorf(static_cast<float>(fine) * scale));
	return place < from ? place : from - 1;
}

template<typename T, int count>
__global__ void addUpsampled(const Pack<T, count> *coarse, Size coarseSize, Pack<T, count> *fine,
                             Size fineSize, int packs)
{
	const Place place = Place::ofThread(packs);
	if (place.x >= fineSize.width)
		return;
	const Place from = { coarsePlace(place.x, coarseSize.width, fineSize.width),
		             coarsePlace(place.y, coarseSize.height, fineSize.height), place.pack };
	const Pack<T, count> added = packAt(coarse, coarseSize.width, packs, from);
	Pack<T, count> &sums = packAt(fine, fineSize.width, packs, place);
	Pack<T, count> sum = sums;
	FM_UNROLL
	for (int k = 0; k < count; ++k)
		fromFloat(toFloat(sum.at[k]) + toFloat(added.at[k]), sum.at[k]);
	sums = sum;
}

/* Calls \a body with an example of what a thread takes of \a maps and \a others at once: 16 bytes
 * where the channels are so many, and lie so. */
template<typename Body>
void withPacks(const DeviceMaps &maps, const void *others, Body &&body)
{
	withElementType(maps.type, [&](auto example) {
		using T = decltype(example);
		constexpr int many = 16 / sizeof(T);
		const auto places = reinterpret_cast<std::uintptr_t>(maps.data) |
		                    reinterpret_cast<std::uintptr_t>(others);
		if (maps.channels % many == 0 && places % 16 == 0)
			body(Pack<T, many>(), maps.channels / many);
		else
			body(Pack<T, 1>(), maps.channels);
	});
}

dim3 gridOf(Size out, int packs)
{
	return { blocksFor(out.width * packs, blockSize), static_cast<unsigned>(out.height) };
}

} /* namespace */

void launchMaxPool(const DeviceMaps &in, void *out, Size outSize, PoolingWindow window,
                   CUstream_st *stream)
{
	withPacks(in, out, [&]<typename T, int count>(Pack<T, count>, int packs) {
		launch(maxPool<T, count>, gridOf(outSize, packs), blockSize, stream,
		       static_cast<const Pack<T, count> *>(in.data), in.size(),
		       static_cast<Pack<T, count> *>(out), outSize, packs, window);
	});
}

void launchAddUpsampled(const DeviceMaps &coarse, void *fine, Size fineSize, CUstream_st *stream)
{
	withPacks(coarse, fine, [&]<typename T, int count>(Pack<T, count>, int packs) {
		launch(addUpsampled<T, count>, gridOf(fineSize, packs), blockSize, stream,
		       static_cast<const Pack<T, count> *>(coarse.data), coarse.size(),
		       static_cast<Pack<T, count> *>(fine), fineSize, packs);
	});
}

} /* namespace fm */
