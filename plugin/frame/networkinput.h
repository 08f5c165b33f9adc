/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include "inputpixel.h"
#include "preprocess.h"

namespace fm {

/**
 * \brief The network's input for a frame
 *
 * None: RGB in 0..1, as torchvision's ToTensor gives it. ImageNet: that, then (x - mean) / std.
 * Detection: that, then torchvision's GeneralizedRCNNTransform: bilinear resize and zero padding
 * to multiples of 32.
 *
 * \return [1, 3, H, W], channels last, on the CPU; bfloat16 where \a type is, else float32
 * \throws Error as InputShape::of()
 */
at::Tensor networkInput(const Frame &frame, const PreprocessSettings &settings,
                        c10::ScalarType type = at::kFloat);

} /* namespace fm */
