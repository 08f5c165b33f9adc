/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network.h"

namespace fm {

/** \brief torchvision.models.mobilenet_v3_large().features: levels c1..c5 = features 1, 3, 6, 12,
 * 16; the FPN, where the kind has one, takes from 13 and 16
 */
Network mobileNetV3Large(const Architecture &architecture);

} /* namespace fm */
