/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cudamodule.h"

#include <cstdio>

#include <cuda_runtime_api.h>

int fm_cuda_device_count(char *reason, int size)
{
	int count = 0;
	const cudaError_t error = cudaGetDeviceCount(&count);
	if (error == cudaSuccess && count > 0)
		return count;

	std::snprintf(reason, size, "%s",
	              error != cudaSuccess ? cudaGetErrorString(error)
	                                   : "no CUDA device was found");
	return 0;
}
