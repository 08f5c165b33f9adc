/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>
#include <utility>

#include <c10/core/InferenceMode.h>
#include <c10/core/StreamGuard.h>
#include <c10/util/Exception.h>

#include "cudadevice.h"

namespace fm {

/** \brief Where LibTorch's warnings go, those of a TorchScope */
c10::WarningHandler *warningHandler();

/** \brief What holds on a thread while LibTorch is at work: GStreamer changes threads at will */
class TorchScope
{
public:
	/** \brief On the CPU where \a device is null */
	explicit TorchScope(CudaDevice *device, Lane lane = Lane::Compute)
		: before_(std::exchange(current, device)), warning_(warningHandler())
	{
		if (device)
			stream_.emplace(device->stream(lane));
	}
	~TorchScope() { current = before_; }
	TorchScope(const TorchScope &) = delete;
	TorchScope &operator=(const TorchScope &) = delete;

	/** \brief The device that this thread's scope is for; null for the CPU */
	static CudaDevice *device() { return current; }

private:
	static inline thread_local CudaDevice *current = nullptr;

	CudaDevice *before_;
	c10::InferenceMode inference_;
	c10::WarningUtils::WarningHandlerGuard warning_;
	std::optional<c10::StreamGuard> stream_;
};

} /* namespace fm */
