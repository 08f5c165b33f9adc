/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network.h"

namespace fm {

/** \brief torchvision.models.MobileNetV2().features: levels c1..c5 = features 1, 3, 6, 13, 18; the
 * FPN, where the kind has one, takes from 14 and 18
 */
Network mobileNetV2(const Architecture &architecture);

} /* namespace fm */
