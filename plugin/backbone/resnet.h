/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>

#include "network.h"

namespace fm {

/** \brief The shape of a ResNet: blocks of layer1..layer4, and their kind */
struct ResNetShape {
	std::array<int, 4> blocks;
	bool bottleneck; /**< 1x1, 3x3, 1x1 with four times the width out; else 3x3, 3x3 */

	/** \brief Channels that layer1..layer4 (\a layer 0..3) give */
	constexpr int channels(int layer) const { return (64 << layer) * (bottleneck ? 4 : 1); }
};

constexpr ResNetShape resNet18 = { { 2, 2, 2, 2 }, false };
constexpr ResNetShape resNet34 = { { 3, 4, 6, 3 }, false };
constexpr ResNetShape resNet50 = { { 3, 4, 6, 3 }, true };
constexpr ResNetShape resNet101 = { { 3, 4, 23, 3 }, true };
constexpr ResNetShape resNet152 = { { 3, 8, 36, 3 }, true };

/** \brief torchvision's resnet_fpn_backbone: levels c1..c5, p2..p5, pool */
Network resNetFpn(const ResNetShape &shape);

} /* namespace fm */
