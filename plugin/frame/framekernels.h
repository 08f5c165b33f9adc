/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "elementtype.h"
#include "inputpixel.h"

struct CUstream_st;

namespace fm {

/**
 * \brief Makes the network's input of a frame, as networkInput() does
 *
 * \a frame, the planes that it points to, and \a table, that of the shape's mode, are on the
 * device. \a input is [H, W, channels] with
 * the padded size of \a shape; channels beyond the third are zero, for the tensor cores' sake.
 */
void launchNetworkInput(const Frame *frame, const InputShape &shape, const SampleTable *table,
                        ElementType type, int channels, void *input, CUstream_st *stream);

} /* namespace fm */
