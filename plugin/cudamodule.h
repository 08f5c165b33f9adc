/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What libfeaturemosaic-cuda.so, which alone links to LibTorch's CUDA part, gives to the plugin. */

namespace fm {
class CudaDevice;
}

/* Exported though all else is hidden. */
#define FM_MODULE_FUNCTION __attribute__((visibility("default")))

extern "C" {

/**
 * \brief Number of CUDA devices that can be used
 *
 * \return 0 with \a reason, \a size bytes long, filled in where there is none
 */
FM_MODULE_FUNCTION int fm_cuda_device_count(char *reason, int size);

/** \brief The primary context of a device, a CUcontext; \throws fm::Error, c10::Error */
FM_MODULE_FUNCTION void *fm_cuda_primary_context(int index);

/** \brief Opens a device for one user, who deletes it; \throws fm::Error, c10::Error */
FM_MODULE_FUNCTION fm::CudaDevice *fm_cuda_open_device(int index);
}
