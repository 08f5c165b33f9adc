/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * As much of CUDA C++ as the kernels use, on the CPU: a .cu file compiled as C++ with this on its
 * path runs each block's threads as fibers, one after the other up to the next __syncthreads().
 */
#include <bit>
#include <cmath>
#include <functional>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "hostdevice.h"

struct CUstream_st;

#undef __global__
#define __global__
#undef __device__
#define __device__
#undef __launch_bounds__
#define __launch_bounds__(...)
#undef __shared__
/* Blocks run one at a time, so that theirs is the only copy. */
#define __shared__ static

namespace fm::onhost {

struct Place {
	uint3 thread = {}, block = {};
	dim3 blockSize, gridSize;
};

/* Of the thread that runs. */
extern Place place;

/* Lets the other threads of the block come as far. */
void synchronise();

/* Runs \a thread for each thread of each block. */
void runGrid(dim3 grid, dim3 block, const std::function<void()> &thread);

} /* namespace fm::onhost */

namespace fm {

inline const uint3 &threadIdx = onhost::place.thread;
inline const uint3 &blockIdx = onhost::place.block;
inline const dim3 &blockDim = onhost::place.blockSize;
inline const dim3 &gridDim = onhost::place.gridSize;

inline void __syncthreads()
{
	onhost::synchronise();
}

inline unsigned __float_as_uint(float value)
{
	return std::bit_cast<unsigned>(value);
}

inline float __uint_as_float(unsigned bits)
{
	return std::bit_cast<float>(bits);
}

/* Fibers do not interrupt each other. */
inline void atomicMin(unsigned *value, unsigned other)
{
	*value = other < *value ? other : *value;
}

inline void atomicMax(unsigned *value, unsigned other)
{
	*value = other > *value ? other : *value;
}

inline void atomicAdd(int *value, int other)
{
	*value += other;
}

using std::isnan;

template<typename... Parameters, typename... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, CUstream_st *,
            Arguments... arguments)
{
	onhost::runGrid(grid, block, [&] { kernel(Parameters(arguments)...); });
}

} /* namespace fm */
