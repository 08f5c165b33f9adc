/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What libfeaturemosaic-cuda.so, which alone links to LibTorch's CUDA part, gives to the plugin. */

extern "C" {

/**
 * \brief Number of CUDA devices that can be used
 *
 * \return 0 with \a reason, \a size bytes long, filled in where there is none
 */
int fm_cuda_device_count(char *reason, int size);
}
