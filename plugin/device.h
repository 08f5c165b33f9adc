/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <c10/core/Device.h>

#include "cudacontext.h"
#include "cudadevice.h"

namespace fm {

/** \brief What a user's "auto", "cpu", "cuda" or "cuda:N" stands for */
struct SelectedDevice {
	std::string name = "cpu";         /**< Or "cuda:0" ... */
	std::unique_ptr<CudaDevice> cuda; /**< Null on the CPU */
	int index = 0;                    /**< Of a CUDA device */
	std::string warning; /**< Why "auto" is the CPU where there is a CUDA device; or empty */

	/** \brief Where tensors lie */
	c10::Device tensors() const { return cuda ? cuda->stream().device() : c10::kCPU; }
};

/**
 * \brief Opens the device that \a name stands for
 *
 * CUDA lives in a module of its own beside the plugin, which is loaded here, the first time that
 * a CUDA device is asked for or found: a process that stays on the CPU never pays for it. "auto" is
 * the first CUDA device if that works, else the CPU. The environment variable
 * FEATUREMOSAIC_CUDA_MODULE names another file for the module.
 *
 * \throws Error BadSetting for another text, NoDevice (with the reason) where CUDA cannot be used
 */
SelectedDevice selectDevice(const std::string &name);

/** \brief That of the device that \a name stands for; none on the CPU. Throws as selectDevice() */
std::optional<CudaContext> cudaContextOf(const std::string &name);

/** \throws Error BadSetting where \a name is none of "auto", "cpu", "cuda", "cuda:N" */
void checkDeviceName(const std::string &name);

} /* namespace fm */
