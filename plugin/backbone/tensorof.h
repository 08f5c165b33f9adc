/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include "checkpoint/checkpoint.h"

namespace fm {

/**
 * \brief The tensor of \a checkpoint that \a view is, float32, on the CPU
 *
 * To be read alone: it may lie in the mapped file, which must outlive it, and have any strides.
 *
 * \throws Error Unreadable where the file turns out to be damaged
 */
at::Tensor tensorOf(const Checkpoint &checkpoint, const TensorView &view);

} /* namespace fm */
