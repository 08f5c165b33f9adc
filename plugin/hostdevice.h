/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Marks what a CPU loop and a CUDA kernel share. */
#ifdef __CUDACC__
#define FM_HOST_DEVICE __host__ __device__
#else
#define FM_HOST_DEVICE
#endif
