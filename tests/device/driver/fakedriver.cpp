/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * As much of NVIDIA's driver library as GStreamer's CUDA library asks for, with the host's memory
 * for the device's: so that who hands over which memory can be tested without a device. It counts
 * what would have crossed the bus.
 */
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <cuda.h>

/* GStreamer asks for the older name, which does the same. */
#undef cuStreamDestroy

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

std::atomic<long> crossings{ 0 };
std::atomic<long> allocationsLeft{ -1 }; /* Below 0: no end of them. */
thread_local std::vector<CUcontext> current;

const void *hostOrDevice(CUmemorytype type, const void *host, CUdeviceptr device)
{
	return type == CU_MEMORYTYPE_HOST ? host : reinterpret_cast<const void *>(device);
}

CUresult copy(const CUDA_MEMCPY2D *copy)
{
	if (copy->srcMemoryType != copy->dstMemoryType)
		++crossings;
	const auto *from = static_cast<const char *>(
		hostOrDevice(copy->srcMemoryType, copy->srcHost, copy->srcDevice));
	auto *to = static_cast<char *>(const_cast<void *>(
		hostOrDevice(copy->dstMemoryType, copy->dstHost, copy->dstDevice)));
	for (std::size_t y = 0; y < copy->Height; ++y)
		std::memcpy(to + (copy->dstY + y) * copy->dstPitch + copy->dstXInBytes,
		            from + (copy->srcY + y) * copy->srcPitch + copy->srcXInBytes,
		            copy->WidthInBytes);
	return CUDA_SUCCESS;
}

CUresult take(std::size_t bytes, void **memory)
{
	if (allocationsLeft == 0)
		return CUDA_ERROR_OUT_OF_MEMORY;
	if (allocationsLeft > 0)
		--allocationsLeft;
	*memory = std::malloc(bytes);
	return *memory ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

} /* namespace */

/** \brief How many copies went between host and device so far */
EXPORT long fm_fake_bus_crossings()
{
	return crossings;
}

/** \brief Lets memory run out after so many allocations; below 0, never */
EXPORT void fm_fake_allocations_left(long count)
{
	allocationsLeft = count;
}

EXPORT CUresult CUDAAPI cuInit(unsigned)
{
	return CUDA_SUCCESS;
}
EXPORT CUresult CUDAAPI cuDriverGetVersion(int *version)
{
	*version = 13000;
	return CUDA_SUCCESS;
}
EXPORT CUresult CUDAAPI cuGetErrorName(CUresult, const char **text)
{
	*text = "CUDA_ERROR";
	return CUDA_SUCCESS;
}
EXPORT CUresult CUDAAPI cuGetErrorString(CUresult, const char **text)
{
	*text = "an error";
	return CUDA_SUCCESS;
}
EXPORT CUresult CUDAAPI cuDeviceGet(CUdevice *device, int ordinal)
{
	*device = ordinal;
	return CUDA_SUCCESS;
}
EXPORT CUresult CUDAAPI cuDeviceGetCount(int *count)
{
	*count = 2;
	return CUDA_SUCCESS;
}
EXPORT CUresult CUDAAPI cuDeviceGetName(char *name, int size, CUdevice)
{
	std::strncpy(name, "none at all", size);
	return CUDA_SUCCESS;
}
EXPORT CUresult CUDAAPI cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice)
{
	*value = attribute == CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT ? 512 : 9;
	return CUDA_SUCCESS;
}
EXPORT CUresult CUDAAPI cuDeviceCanAccessPeer(int *can, CUdevice, CUdevice)
{
	*can = 0;
	return CUDA_SUCCESS;
}
EXPORT CUresult CUDAAPI cuCtxCreate_v2(CUcontext *context, unsigned, CUdevice)
{
	*context = reinterpret_cast<CUcontext>(new char);
	current.push_back(*context);
	return CUDA_SUCCESS;
}
EXPORT CUresult CUDAAPI cuCtxDestroy(CUcontext context)
{
	delete reinterpret_cast<char *>(context);
	return CUDA_SUCCESS;
}
EXPORT CUresult CUDAAPI cuCtxPushCurrent(CUcontext context)
{
	current.push_back(context);
	return CUDA_SUCCESS;
}
EXPORT CUresult CUDAAPI cuCtxPopCurrent(CUcontext *context)
{
	if (current.empty())
		return CUDA_ERROR_INVALID_CONTEXT;
	if (context)
		*context = current.back();
	current.pop_back();
	return CUDA_SUCCESS;
}
EXPORT CUresult CUDAAPI cuCtxEnablePeerAccess(CUcontext, unsigned)
{
	return CUDA_ERROR_PEER_ACCESS_UNSUPPORTED;
}
EXPORT CUresult CUDAAPI cuCtxDisablePeerAccess(CUcontext)
{
	return CUDA_SUCCESS;
}
EXPORT CUresult CUDAAPI cuMemAlloc(CUdeviceptr *memory, std::size_t bytes)
{
	return take(bytes, reinterpret_cast<void **>(memory));
}
EXPORT CUresult CUDAAPI cuMemAllocPitch(CUdeviceptr *memory, std::size_t *pitch, std::size_t width,
                                        std::size_t height, unsigned)
{
	*pitch = (width + 511) / 512 * 512;
	return take(*pitch * height, reinterpret_cast<void **>(memory));
}
EXPORT CUresult CUDAAPI cuMemAllocHost(void **memory, std::size_t bytes)
{
	return take(bytes, memory);
}
EXPORT CUresult CUDAAPI cuMemFree(CUdeviceptr memory)
{
	std::free(reinterpret_cast<void *>(memory));
	return CUDA_SUCCESS;
}
EXPORT CUresult CUDAAPI cuMemFreeHost(void *memory)
{
	std::free(memory);
	return CUDA_SUCCESS;
}
EXPORT CUresult CUDAAPI cuMemcpy2D(const CUDA_MEMCPY2D *what)
{
	return copy(what);
}
EXPORT CUresult CUDAAPI cuMemcpy2DAsync(const CUDA_MEMCPY2D *what, CUstream)
{
	return copy(what);
}
EXPORT CUresult CUDAAPI cuStreamCreate(CUstream *stream, unsigned)
{
	*stream = nullptr;
	return CUDA_SUCCESS;
}
EXPORT CUresult CUDAAPI cuStreamDestroy(CUstream)
{
	return CUDA_SUCCESS;
}
EXPORT CUresult CUDAAPI cuStreamSynchronize(CUstream)
{
	return CUDA_SUCCESS;
}
