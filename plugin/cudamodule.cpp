/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cudamodule.h"

#include <cstdio>
#include <string>

#include <ATen/cuda/CUDAGraph.h>
#include <ATen/cuda/MemPool.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda.h>
#include <cuda_runtime_api.h>

#include "cudadevice.h"
#include "error.h"

namespace fm {

namespace {

/* A stream of one's own: those of LibTorch's pool come round again. */
class OwnStream
{
public:
	explicit OwnStream(c10::DeviceIndex device) : device_(device)
	{
		const c10::cuda::CUDAGuard guard(device);
		C10_CUDA_CHECK(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
	}
	~OwnStream()
	{
		/* Where the device has failed there is nothing to be done. */
		C10_CUDA_CHECK_WARN(cudaStreamSynchronize(stream_));
		C10_CUDA_CHECK_WARN(cudaStreamDestroy(stream_));
	}
	OwnStream(const OwnStream &) = delete;
	OwnStream &operator=(const OwnStream &) = delete;

	cudaStream_t get() const { return stream_; }
	c10::cuda::CUDAStream forLibTorch() const
	{
		return c10::cuda::getStreamFromExternal(stream_, device_);
	}

private:
	c10::DeviceIndex device_;
	cudaStream_t stream_ = nullptr;
};

/* That which the runtime has made current for the device. */
void *primaryContext(c10::DeviceIndex index)
{
	const c10::cuda::CUDAGuard guard(index);
	constexpr unsigned since = 4000; /* Version of CUDA. */
	void *function = nullptr;
	C10_CUDA_CHECK(cudaGetDriverEntryPointByVersion("cuCtxGetCurrent", &function, since,
	                                                cudaEnableDefault));
	CUcontext context = nullptr;
	if (!function ||
	    reinterpret_cast<decltype(&cuCtxGetCurrent)>(function)(&context) != CUDA_SUCCESS)
		throw Error(Error::Kind::NoDevice, "The CUDA device's context cannot be had");
	return context;
}

/* LibTorch for CUDA 13 has no kernels for older devices. */
void checkCapability(int index)
{
	int major = 0;
	int minor = 0;
	C10_CUDA_CHECK(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, index));
	C10_CUDA_CHECK(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, index));
	if (10 * major + minor < 75)
		throw Error(
			Error::Kind::NoDevice,
			"cuda:" + std::to_string(index) + " is of compute capability " +
				std::to_string(major) + "." + std::to_string(minor) +
				", and 7.5 (Turing) is the oldest that can be used; use another "
				"device or device=cpu");
}

/* What to do about it, where that is known. */
const char *reasonFor(cudaError_t error)
{
	switch (error) {
	case cudaErrorInsufficientDriver:
		return "the NVIDIA driver is too old for CUDA 13: update it to 580 or newer";
	case cudaErrorNoDevice:
	case cudaSuccess:
		return "no CUDA device was found: see what nvidia-smi shows, and "
		       "CUDA_VISIBLE_DEVICES";
	default:
		return cudaGetErrorString(error);
	}
}

/* By Lane. */
struct Streams {
	explicit Streams(c10::DeviceIndex device)
		: device(device), of{ OwnStream(device), OwnStream(device), OwnStream(device) }
	{
	}

	cudaStream_t get(Lane lane) const { return of[static_cast<int>(lane)].get(); }

	c10::DeviceIndex device;
	OwnStream of[3];
};

class Event : public CudaEvent
{
public:
	explicit Event(std::shared_ptr<const Streams> streams) : streams_(std::move(streams))
	{
		const c10::cuda::CUDAGuard guard(streams_->device);
		/* Who waits sleeps: frames are milliseconds apart, and processors few. */
		C10_CUDA_CHECK(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming |
		                                                         cudaEventBlockingSync));
	}
	~Event() override { C10_CUDA_CHECK_WARN(cudaEventDestroy(event_)); }
	Event(const Event &) = delete;
	Event &operator=(const Event &) = delete;

	void record(Lane lane) override
	{
		const c10::cuda::CUDAGuard guard(streams_->device);
		C10_CUDA_CHECK(cudaEventRecord(event_, streams_->get(lane)));
	}
	void holdUp(Lane lane) override
	{
		const c10::cuda::CUDAGuard guard(streams_->device);
		C10_CUDA_CHECK(cudaStreamWaitEvent(streams_->get(lane), event_));
	}
	void wait() override { C10_CUDA_CHECK(cudaEventSynchronize(event_)); }
	bool isDone() override
	{
		const cudaError_t error = cudaEventQuery(event_);
		if (error == cudaErrorNotReady) {
			(void)cudaGetLastError(); /* It is not one. */
			return false;
		}
		C10_CUDA_CHECK(error);
		return true;
	}

private:
	std::shared_ptr<const Streams> streams_;
	cudaEvent_t event_ = nullptr;
};

class Graph : public CudaGraph
{
public:
	Graph(const std::function<void()> &body, c10::MempoolId_t pool)
	{
		/* Other threads of the process may meanwhile do what cannot be recorded. */
		graph_.capture_begin(pool, cudaStreamCaptureModeThreadLocal);
		try {
			body();
		} catch (...) {
			endAfterError();
			throw;
		}
		graph_.capture_end();
	}

	/* On the current stream. */
	void launch() override { graph_.replay(); }

private:
	void endAfterError()
	{
		try {
			graph_.capture_end();
		} catch (const c10::Error &) {
			/* What came before is what matters. */
		}
	}

	at::cuda::CUDAGraph graph_;
};

class Device : public CudaDevice
{
public:
	explicit Device(c10::DeviceIndex index)
		: streams_(std::make_shared<const Streams>(index)), context_(primaryContext(index))
	{
	}

	c10::Stream stream() const override
	{
		return streams_->of[static_cast<int>(Lane::Compute)].forLibTorch();
	}
	bool wantsPinnedMemory() const override { return true; }
	void *context() const override { return context_; }

	std::unique_ptr<CudaEvent> makeEvent() override
	{
		return std::make_unique<Event>(streams_);
	}
	void copy(void *to, const void *from, std::size_t bytes, Lane lane) override
	{
		const c10::cuda::CUDAGuard guard(streams_->device);
		C10_CUDA_CHECK(
			cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, streams_->get(lane)));
	}
	std::unique_ptr<CudaGraph> capture(std::function<void()> body) override
	{
		return std::make_unique<Graph>(body, pool_.id());
	}

	void networkInput(const Frame *frame, const InputShape &shape, ElementType type,
	                  int channels, void *input) override
	{
		launchNetworkInput(frame, shape, type, channels, input, compute());
	}
	void forget(const ViewMemory &memory, int channels) override
	{
		launchForget(memory, channels, compute());
	}
	void ranges(const DeviceMaps &maps, const PictureParameters *picture, int tiles,
	            bool quantiles) override
	{
		launchRanges(maps, picture, tiles, quantiles, compute());
	}
	void picture(const DeviceMaps &maps, const PictureParameters *picture, Size size) override
	{
		launchPicture(maps, picture, size, compute());
	}
	std::size_t magnitudesScratch(const DeviceMaps &maps) override
	{
		return fm::magnitudesScratch(maps);
	}
	void magnitudes(const DeviceMaps &maps, void *scratch, float *means) override
	{
		launchMagnitudes(maps, scratch, means, compute());
	}

private:
	cudaStream_t compute() const { return streams_->get(Lane::Compute); }

	std::shared_ptr<const Streams> streams_;
	at::cuda::MemPool pool_; /* Of all graphs: one runs at a time. */
	void *context_;
};

} /* namespace */

} /* namespace fm */

int fm_cuda_device_count(char *reason, int size)
{
	int count = 0;
	const cudaError_t error = cudaGetDeviceCount(&count);
	if (error == cudaSuccess && count > 0)
		return count;

	(void)cudaGetLastError();
	std::snprintf(reason, size, "%s", fm::reasonFor(error));
	return 0;
}

fm::CudaDevice *fm_cuda_open_device(int index)
{
	fm::checkCapability(index);
	const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(index));
	return std::make_unique<fm::Device>(static_cast<c10::DeviceIndex>(index)).release();
}
