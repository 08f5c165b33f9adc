/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cudamodule.h"

#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <ATen/Context.h>
#include <ATen/cuda/CUDAContextLight.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda.h>
#include <cuda_runtime_api.h>

#include "cudadevice.h"
#include "error.h"

namespace fm {

namespace {

/*
 * While a graph is recorded no unused memory may be given back: LibTorch checks that, and its
 * destructors do not take a no.
 */
std::mutex memoryMutex;

/* For what must not throw. Where the device has failed there is nothing to be done. */
template<typename Body>
void regardless(Body &&body)
{
	try {
		body();
	} catch (const std::exception &error) {
		TORCH_WARN("While a CUDA device was given up: ", error.what());
	}
	(void)cudaGetLastError();
}

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
		regardless([this] {
			const c10::cuda::CUDAGuard guard(device_);
			C10_CUDA_CHECK(cudaStreamSynchronize(stream_));
			C10_CUDA_CHECK(cudaStreamDestroy(stream_));
		});
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

/* The runtime makes the primary context current for a thread that works on its device. */
void *primaryContext(c10::DeviceIndex index)
{
	const c10::cuda::CUDAGuard guard(index);
	C10_CUDA_CHECK(cudaFree(nullptr));
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
	~Event() override
	{
		regardless([this] {
			const c10::cuda::CUDAGuard guard(streams_->device);
			C10_CUDA_CHECK(cudaEventDestroy(event_));
		});
	}
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
	void wait() override
	{
		const c10::cuda::CUDAGuard guard(streams_->device);
		C10_CUDA_CHECK(cudaEventSynchronize(event_));
	}

private:
	std::shared_ptr<const Streams> streams_;
	cudaEvent_t event_ = nullptr;
};

/* Memory of all graphs of a device's user, as one of them runs at a time. */
class GraphPool
{
public:
	explicit GraphPool(c10::DeviceIndex device)
		: device_(device), id_(at::cuda::graph_pool_handle())
	{
		c10::cuda::CUDACachingAllocator::createOrIncrefPool(device_, id_);
	}
	~GraphPool()
	{
		regardless([this] {
			std::lock_guard lock(memoryMutex);
			const c10::cuda::CUDAGuard guard(device_);
			c10::cuda::CUDACachingAllocator::releasePool(device_, id_);
			c10::cuda::CUDACachingAllocator::emptyCache(id_);
		});
	}
	GraphPool(const GraphPool &) = delete;
	GraphPool &operator=(const GraphPool &) = delete;

	/* What is allocated for \a stream comes from here meanwhile. */
	class Use
	{
	public:
		Use(const GraphPool &pool, cudaStream_t stream) : pool_(pool)
		{
			c10::cuda::CUDACachingAllocator::beginAllocateToPool(
				pool.device_, pool.id_,
				[stream](cudaStream_t other) { return other == stream; });
		}
		~Use()
		{
			regardless([this] {
				c10::cuda::CUDACachingAllocator::endAllocateToPool(pool_.device_,
				                                                   pool_.id_);
				c10::cuda::CUDACachingAllocator::releasePool(pool_.device_,
				                                             pool_.id_);
			});
		}
		Use(const Use &) = delete;
		Use &operator=(const Use &) = delete;

	private:
		const GraphPool &pool_;
	};

private:
	c10::DeviceIndex device_;
	c10::MempoolId_t id_;
};

/*
 * Not LibTorch's own class of this name: that one leaves the allocator recording where a recording
 * fails, and counts its objects without a lock.
 */
class Graph : public CudaGraph
{
public:
	Graph(const std::function<void()> &body, const GraphPool &pool, const Streams &streams)
		: device_(streams.device), stream_(streams.get(Lane::Compute))
	{
		const c10::cuda::CUDAGuard guard(device_);
		std::lock_guard lock(memoryMutex);
		const GraphPool::Use use(pool, stream_);
		const std::unique_ptr<CUgraph_st, Destroy> recorded(record(body));
		C10_CUDA_CHECK(cudaGraphInstantiate(&executable_, recorded.get(), 0));
	}
	~Graph() override
	{
		regardless([this] {
			const c10::cuda::CUDAGuard guard(device_);
			C10_CUDA_CHECK(cudaGraphExecDestroy(executable_));
		});
	}
	Graph(const Graph &) = delete;
	Graph &operator=(const Graph &) = delete;

	void launch() override
	{
		const c10::cuda::CUDAGuard guard(device_);
		C10_CUDA_CHECK(cudaGraphLaunch(executable_, stream_));
	}

private:
	struct Destroy {
		void operator()(cudaGraph_t graph) const { (void)cudaGraphDestroy(graph); }
	};

	cudaGraph_t record(const std::function<void()> &body)
	{
		/* Other threads of the process may meanwhile do what cannot be recorded. */
		C10_CUDA_CHECK(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal));
		cudaGraph_t graph = nullptr;
		try {
			body();
		} catch (...) {
			(void)cudaStreamEndCapture(stream_, &graph);
			if (graph)
				(void)cudaGraphDestroy(graph);
			(void)cudaGetLastError();
			throw;
		}
		C10_CUDA_CHECK(cudaStreamEndCapture(stream_, &graph));
		return graph;
	}

	c10::DeviceIndex device_;
	cudaStream_t stream_;
	cudaGraphExec_t executable_ = nullptr;
};

/* cuBLAS's memory for \a stream, which LibTorch keeps for good. */
void forgetWorkspaces(cudaStream_t stream)
{
	for (auto *workspaces : { &at::cuda::cublas_handle_stream_to_workspace(),
	                          &at::cuda::cublaslt_handle_stream_to_workspace() }) {
		std::unique_lock lock(workspaces->mutex);
		std::erase_if(workspaces->map, [&](const auto &entry) {
			return std::get<1>(entry.first) == stream;
		});
	}
}

class Device : public CudaDevice
{
public:
	explicit Device(c10::DeviceIndex index)
		: streams_(std::make_shared<const Streams>(index)), pool_(index)
	{
	}
	~Device() override
	{
		regardless([this] {
			const c10::cuda::CUDAGuard guard(streams_->device);
			C10_CUDA_CHECK(cudaStreamSynchronize(compute()));
			forgetWorkspaces(compute());
			/* What is kept for a stream that is gone is of no use to another. */
			releaseUnusedMemory();
		});
	}
	Device(const Device &) = delete;
	Device &operator=(const Device &) = delete;

	c10::Stream stream(Lane lane) const override
	{
		return streams_->of[static_cast<int>(lane)].forLibTorch();
	}
	bool wantsPinnedMemory() const override { return true; }

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
	void copy(const Plane &to, const Plane &from, PlaneShape shape, Lane lane) override
	{
		const c10::cuda::CUDAGuard guard(streams_->device);
		C10_CUDA_CHECK(cudaMemcpy2DAsync(to.data, to.stride, from.data, from.stride,
		                                 shape.bytes, shape.rows, cudaMemcpyDefault,
		                                 streams_->get(lane)));
	}
	std::unique_ptr<CudaGraph> capture(std::function<void()> body) override
	{
		try {
			return std::make_unique<Graph>(body, pool_, *streams_);
		} catch (const c10::AcceleratorError &) {
			/* Others in the process may spoil it by waiting for all of the device. */
			(void)cudaGetLastError();
			return std::make_unique<Graph>(body, pool_, *streams_);
		}
	}
	void releaseUnusedMemory() override
	{
		std::lock_guard lock(memoryMutex);
		c10::cuda::CUDACachingAllocator::emptyCache();
	}

	void networkInput(const Frame *frame, const InputShape &shape, const SampleTable *table,
	                  ElementType type, int channels, void *input) override
	{
		launchNetworkInput(frame, shape, table, type, channels, input, compute());
	}
	void maxPool(const DeviceMaps &in, void *out, Size outSize, PoolingWindow window) override
	{
		launchMaxPool(in, out, outSize, window, compute());
	}
	void addUpsampled(const DeviceMaps &coarse, void *fine, Size fineSize) override
	{
		launchAddUpsampled(coarse, fine, fineSize, compute());
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
	void magnitudes(const DeviceMaps &maps, const void *before, const Boxes *boxes,
	                void *scratch, float *means) override
	{
		launchMagnitudes(maps, before, boxes, scratch, means, compute());
	}
	std::size_t mapSumsScratch(const DeviceMaps &maps) override
	{
		return fm::mapSumsScratch(maps);
	}
	void mapSums(const DeviceMaps &maps, void *scratch, MapSums *sums) override
	{
		launchMapSums(maps, scratch, sums, compute());
	}

private:
	cudaStream_t compute() const { return streams_->get(Lane::Compute); }

	std::shared_ptr<const Streams> streams_;
	GraphPool pool_;
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

void *fm_cuda_primary_context(int index)
{
	fm::checkCapability(index);
	return fm::primaryContext(static_cast<c10::DeviceIndex>(index));
}

fm::CudaDevice *fm_cuda_open_device(int index)
{
	fm::checkCapability(index);
	/* LibTorch's allocator knows no device before. */
	at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
	const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(index));
	return std::make_unique<fm::Device>(static_cast<c10::DeviceIndex>(index)).release();
}
