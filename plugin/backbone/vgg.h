/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network.h"

namespace fm {

enum class Norms { Without, With };

/** \brief torchvision.models.vgg16().features, or vgg16_bn's: c1..c5 is what each max pool takes */
Network vgg16(Norms norms);

} /* namespace fm */
