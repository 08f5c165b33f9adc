/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include "frame.h"
#include "preprocess.h"

namespace fm {

/**
 * \brief The size of the network's input for frames of \a frame pixels
 *
 * \throws Error BadSetting where the resized frame would have no pixels
 */
Size networkInputSize(Size frame, const PreprocessSettings &settings);

/**
 * \brief The network's input for a frame
 *
 * None: RGB in 0..1, as torchvision's ToTensor gives it. ImageNet: that, then (x - mean) / std.
 * Detection: that, then torchvision's GeneralizedRCNNTransform: bilinear resize and zero padding
 * to multiples of 32.
 *
 * \return [1, 3, H, W], channels last, on the CPU; bfloat16 where \a type is, else float32
 * \throws Error as networkInputSize()
 */
at::Tensor networkInput(const Frame &frame, const PreprocessSettings &settings,
                        c10::ScalarType type = at::kFloat);

} /* namespace fm */
