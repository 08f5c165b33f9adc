/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>

#include "network.h"

namespace fm {

/** \brief The shape of a ResNet: blocks of layer1..layer4, and their kind */
struct ResNetShape {
	std::array<int, 4> blocks;
	bool bottleneck;        /**< 1x1, 3x3, 1x1 with four times the planes out; else 3x3, 3x3 */
	int groups = 1;         /**< Of a bottleneck's 3x3 convolution */
	int widthPerGroup = 64; /**< Its channels in layer1, in each group */

	/** \brief Channels that layer1..layer4 (\a layer 0..3) give */
	constexpr int channels(int layer) const { return (64 << layer) * (bottleneck ? 4 : 1); }
	/** \brief Channels between the convolutions of a block of layer1..layer4 */
	constexpr int width(int layer) const { return (groups * widthPerGroup) << layer; }
};

constexpr ResNetShape resNet18 = { { 2, 2, 2, 2 }, false };
constexpr ResNetShape resNet34 = { { 3, 4, 6, 3 }, false };
constexpr ResNetShape resNet50 = { { 3, 4, 6, 3 }, true };
constexpr ResNetShape resNet101 = { { 3, 4, 23, 3 }, true };
constexpr ResNetShape resNet152 = { { 3, 8, 36, 3 }, true };
constexpr ResNetShape resNeXt50 = { { 3, 4, 6, 3 }, true, 32, 4 };
constexpr ResNetShape wideResNet50 = { { 3, 4, 6, 3 }, true, 1, 128 };

/** \brief torchvision's ResNet or, where the kind has an FPN, its resnet_fpn_backbone: levels
 * c1..c5, then those of the FPN
 *
 * The module's names have "body." in front in both.
 */
Network resNet(const ResNetShape &shape, const Architecture &architecture);

} /* namespace fm */
