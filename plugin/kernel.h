/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * For .cu files: nvcc compiles them for the device; a C++ compiler, with cudaonhost.h of the tests
 * on its path, for the CPU, so that the kernels can be run where there is no device.
 */
#ifdef __CUDACC__
#define FM_UNROLL _Pragma("unroll")
#define FM_UNROLL_4 _Pragma("unroll 4")
#define FM_ROLL _Pragma("unroll 1")
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "error.h"
#else
#define FM_UNROLL
#define FM_UNROLL_4
#define FM_ROLL
#include "cudaonhost.h"
#endif

#include "elementtype.h"
#include "hostdevice.h"

namespace fm {

FM_HOST_DEVICE inline float toFloat(__half value)
{
	return __half2float(value);
}

FM_HOST_DEVICE inline float toFloat(__nv_bfloat16 value)
{
	return __bfloat162float(value);
}

FM_HOST_DEVICE inline void fromFloat(float value, float &out)
{
	out = value;
}

FM_HOST_DEVICE inline void fromFloat(float value, __half &out)
{
	out = __float2half(value);
}

FM_HOST_DEVICE inline void fromFloat(float value, __nv_bfloat16 &out)
{
	out = __float2bfloat16(value);
}

/** \brief Calls \a body with a value of the type that \a type stands for */
template<typename Body>
void withElementType(ElementType type, Body &&body)
{
	switch (type) {
	case ElementType::Float32:
		return body(float());
	case ElementType::Float16:
		return body(__half());
	case ElementType::BFloat16:
		return body(__nv_bfloat16());
	}
}

#ifdef __CUDACC__
/** \brief Runs \a kernel on \a stream; \throws Error NoDevice where the device does not take it */
template<typename... Parameters, typename... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, CUstream_st *stream,
            Arguments... arguments)
{
	kernel<<<grid, block, 0, stream>>>(Parameters(arguments)...);
	if (const cudaError_t error = cudaGetLastError(); error != cudaSuccess)
		throw Error(Error::Kind::NoDevice, "A kernel cannot be run on the CUDA device",
		            cudaGetErrorString(error));
}
#endif

/** \brief Blocks of \a block for \a count threads */
constexpr unsigned blocksFor(int count, int block)
{
	return static_cast<unsigned>((count + block - 1) / block);
}

} /* namespace fm */
