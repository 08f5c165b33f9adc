/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devicemaps.h"

struct CUstream_st;

namespace fm {

/** \brief A square window that goes over maps, padded with what is smaller than anything */
struct PoolingWindow {
	int kernel, stride, padding;
};

/**
 * \brief The largest value in each window of \a in, as at::max_pool2d() finds it
 *
 * \a out is like \a in, but of the size \a outSize that the windows give. What is not a number is
 * larger than anything.
 */
void launchMaxPool(const DeviceMaps &in, void *out, Size outSize, PoolingWindow window,
                   CUstream_st *stream);

/**
 * \brief Adds \a coarse to \a fine, brought to its size \a fineSize as at::upsample_nearest2d()
 * does
 *
 * Both are of the same type and channels.
 */
void launchAddUpsampled(const DeviceMaps &coarse, void *fine, Size fineSize, CUstream_st *stream);

} /* namespace fm */
