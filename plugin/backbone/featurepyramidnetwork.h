/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vector>

#include "network.h"

namespace fm {

/** \brief A node of the body that an FPN takes from, and its stride */
struct FpnInput {
	int node;
	int stride;
};

/**
 * \brief torchvision.ops.FeaturePyramidNetwork: adds the levels up to p5 and what \a shape has
 * behind them, and makes the finest the default
 *
 * Lateral 1x1 convolutions of \a body, finest first; from the top down the sum with the coarser map
 * (nearest neighbour), then a 3x3 convolution on each sum. Then "pool" is every second value of
 * every second row of p5; or "p6" and "p7" are convolutions of stride 2.
 */
void appendFeaturePyramidNetwork(Network &network, const FpnShape &shape,
                                 const std::vector<FpnInput> &body);

} /* namespace fm */
