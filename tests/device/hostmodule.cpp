/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stands in for the CUDA module where there is no device: the same kernels, compiled for the CPU,
 * and lanes on which all is done at once. What is above it is what goes with a device, too.
 */
#include <cstring>

#include "cudadevice.h"
#include "cudamodule.h"

namespace fm {

namespace {

class Event : public CudaEvent
{
public:
	void record(Lane) override {}
	void holdUp(Lane) override {}
	void wait() override {}
};

class Graph : public CudaGraph
{
public:
	explicit Graph(std::function<void()> body) : body_(std::move(body)) {}

	void launch() override { body_(); }

private:
	std::function<void()> body_;
};

class Device : public CudaDevice
{
public:
	c10::Stream stream(Lane) const override
	{
		return c10::Stream(c10::Stream::DEFAULT, c10::Device(c10::kCPU));
	}
	bool wantsPinnedMemory() const override { return false; }

	std::unique_ptr<CudaEvent> makeEvent() override { return std::make_unique<Event>(); }
	void copy(void *to, const void *from, std::size_t bytes, Lane) override
	{
		std::memcpy(to, from, bytes);
	}
	void copy(const Plane &to, const Plane &from, PlaneShape shape, Lane) override
	{
		for (int y = 0; y < shape.rows; ++y)
			std::memcpy(to.row(y), from.row(y), shape.bytes);
	}
	std::unique_ptr<CudaGraph> capture(std::function<void()> body) override
	{
		return std::make_unique<Graph>(std::move(body));
	}
	void releaseUnusedMemory() override {}

	void networkInput(const Frame *frame, const InputShape &shape, const SampleTable *table,
	                  ElementType type, int channels, void *input) override
	{
		launchNetworkInput(frame, shape, table, type, channels, input, nullptr);
	}
	void maxPool(const DeviceMaps &in, void *out, Size outSize, PoolingWindow window) override
	{
		launchMaxPool(in, out, outSize, window, nullptr);
	}
	void addUpsampled(const DeviceMaps &coarse, void *fine, Size fineSize) override
	{
		launchAddUpsampled(coarse, fine, fineSize, nullptr);
	}
	void forget(const ViewMemory &memory, int channels) override
	{
		launchForget(memory, channels, nullptr);
	}
	void ranges(const DeviceMaps &maps, const PictureParameters *picture, int tiles,
	            bool quantiles) override
	{
		launchRanges(maps, picture, tiles, quantiles, nullptr);
	}
	void picture(const DeviceMaps &maps, const PictureParameters *picture, Size size) override
	{
		launchPicture(maps, picture, size, nullptr);
	}
	std::size_t magnitudesScratch(const DeviceMaps &maps) override
	{
		return fm::magnitudesScratch(maps);
	}
	void magnitudes(const DeviceMaps &maps, const void *before, const Boxes *boxes,
	                void *scratch, float *means) override
	{
		launchMagnitudes(maps, before, boxes, scratch, means, nullptr);
	}
	std::size_t mapSumsScratch(const DeviceMaps &maps) override
	{
		return fm::mapSumsScratch(maps);
	}
	void mapSums(const DeviceMaps &maps, void *scratch, MapSums *sums) override
	{
		launchMapSums(maps, scratch, sums, nullptr);
	}
};

} /* namespace */

} /* namespace fm */

namespace {

constexpr int deviceCount = 2;

} /* namespace */

int fm_cuda_device_count(char *, int)
{
	return deviceCount;
}

void *fm_cuda_primary_context(int index)
{
	static char contexts[deviceCount]; /* Any addresses will do. */
	return &contexts[index];
}

fm::CudaDevice *fm_cuda_open_device(int)
{
	return new fm::Device;
}
