/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>

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
	explicit TorchScope(const CudaDevice *device, Lane lane = Lane::Compute)
		: warning_(warningHandler())
	{
		if (device)
			stream_.emplace(device->stream(lane));
	}

private:
	c10::InferenceMode inference_;
	c10::WarningUtils::WarningHandlerGuard warning_;
	std::optional<c10::StreamGuard> stream_;
};

} /* namespace fm */
