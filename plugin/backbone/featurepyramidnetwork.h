/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vector>

#include "network.h"

namespace fm {

/**
 * \brief torchvision.ops.FeaturePyramidNetwork with LastLevelMaxPool: adds the levels p2.. and pool
 *
 * Lateral 1x1 convolutions of \a body, finest first; from the top down the sum with the coarser map
 * (nearest neighbour), then a 3x3 convolution on each sum. The last level is every second value of
 * every second row of the coarsest.
 */
void appendFeaturePyramidNetwork(Network &network, const std::vector<int> &body);

} /* namespace fm */
