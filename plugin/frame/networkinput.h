/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include "frame.h"
#include "preprocess.h"

namespace fm {

/**
 * \brief The network's input for a frame
 *
 * None: RGB in 0..1, as torchvision's ToTensor gives it. ImageNet: that, then (x - mean) / std.
 * Detection: that, then torchvision's GeneralizedRCNNTransform: bilinear resize and zero padding
 * to multiples of 32.
 *
 * \return float32, [1, 3, H, W], on the CPU
 * \throws Error BadSetting where the resized frame would have no pixels
 */
at::Tensor networkInput(const Frame &frame, const PreprocessSettings &settings);

} /* namespace fm */
