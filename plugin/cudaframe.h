/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "cudadevice.h"
#include "framepath.h"
#include "view/boxes.h"
#include "view/deviceview.h"

namespace fm {

constexpr std::size_t mostViews = 64; /**< Of one frame: panels of all its pictures */

/** \brief What kernels read of a frame, on the device. A graph has its address for good */
struct Parameters {
	Frame input;
	Boxes boxes;
	PictureParameters pictures[mostViews];

	static std::size_t bytes(std::size_t views)
	{
		return offsetof(Parameters, pictures) + views * sizeof(PictureParameters);
	}
};

/* Memory and events for a frame in flight, used again for another one when it is done. */
struct Slot {
	struct Output {
		at::Tensor host, device;
	};

	at::Tensor hostInput, deviceInput;
	at::Tensor parameters; /* On the host, a Parameters. */
	std::vector<Output> outputs;
	std::unique_ptr<CudaEvent> uploaded, computed, done;
};

/* Those that no frame uses. */
class Slots
{
public:
	std::unique_ptr<Slot> take(CudaDevice &device)
	{
		std::unique_lock lock(mutex_);
		if (!unused_.empty()) {
			std::unique_ptr<Slot> slot = std::move(unused_.back());
			unused_.pop_back();
			return slot;
		}
		lock.unlock();
		auto slot = std::make_unique<Slot>();
		slot->parameters = hostBytes(device, sizeof(Parameters));
		for (auto *event : { &slot->uploaded, &slot->computed, &slot->done })
			*event = device.makeEvent();
		return slot;
	}

	void give(std::unique_ptr<Slot> slot)
	{
		std::lock_guard lock(mutex_);
		unused_.push_back(std::move(slot));
	}

private:
	std::mutex mutex_; /* Innermost; protects unused_. */
	std::vector<std::unique_ptr<Slot>> unused_;
};

/* Sums of a level's maps on their way to the host. */
struct Measurement {
	std::string level;
	std::vector<int> places; /* Of the maps that are meant. */
	at::Tensor sums;         /* On the host, a MapSums for each map. */
};

/* Maps of a tensor, [1, n, h, w], one behind the other, on their way to the host. */
struct PlanarMaps {
	at::Tensor onDevice, onHost;
};

struct CudaPass : FramePass::Data {
	CudaPass(const Frame &frame, const Boxes &boxes, std::shared_ptr<Slots> slots,
	         CudaDevice &device)
		: frame(frame), boxes(boxes), slots(std::move(slots)),
		  slot(this->slots->take(device))
	{
	}

	~CudaPass() override
	{
		try {
			if (isUnderWay)
				slot->done->wait();
			slots->give(std::move(slot));
		} catch (const std::exception &) {
			/* The device has failed, which others have told. */
		}
	}
	CudaPass(const CudaPass &) = delete;
	CudaPass &operator=(const CudaPass &) = delete;

	Frame frame;
	Boxes boxes;
	std::shared_ptr<Slots> slots;
	std::unique_ptr<Slot> slot;
	Frame onDevice = {}; /* The frame, once it is converted. */
	bool isConverted = false;
	bool isUnderWay = false;                  /* The device has work to do. */
	std::vector<Frame> outputs;               /* By view; of a tensor none. */
	std::map<std::size_t, PlanarMaps> planar; /* By view, of those that are tensors. */
	std::vector<at::Tensor> kept;             /* What copies may still read. */
	std::vector<Measurement> measurements;
};

inline Parameters &hostParameters(const CudaPass &pass)
{
	return *reinterpret_cast<Parameters *>(pass.slot->parameters.mutable_data_ptr<uint8_t>());
}

/** \brief Room on the host for \a bytes of a copy in \a memory, which may have it already */
void makeHostRoom(const CudaDevice &device, at::Tensor &memory, std::size_t bytes);

/** \brief Has the frame of \a pass, of the host, copied to the device, on the lane Upload */
void uploadFrame(CudaDevice &device, CudaPass &pass);

/** \brief Where the picture for \a output, the next of \a pass, is made: there, or in memory that
 * is copied to it
 */
Frame addOutput(CudaDevice &device, CudaPass &pass, const Frame &output);

/** \brief Has all outputs of \a pass copied from the device, behind what the lane Compute has */
void downloadOutputs(CudaDevice &device, CudaPass &pass);

/** \brief What is left to be done for an output once the device is done */
void takeOutput(const CudaPass &pass, std::size_t index);

} /* namespace fm */
