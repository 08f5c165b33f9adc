/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "convolution.h"

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

/** \brief torchvision's BasicBlock and Bottleneck: convolutions, the input added, ReLU */
class ResidualBlock
{
public:
	static ResidualBlock basic(const Scope &scope, int in, int width, int stride);
	static ResidualBlock bottleneck(const Scope &scope, int in, int width, int stride);

	at::Tensor operator()(const at::Tensor &x) const;

private:
	void addConvolution(const Scope &scope, const ConvolutionShape &shape);
	void addDownsample(const Scope &scope, int in, int out, int stride);

	std::vector<Convolution> convolutions_;
	std::optional<Convolution>
		downsample_; /* Where the input has another shape than the output. */
};

/** \brief torchvision.models.resnet.ResNet up to layer4, without its head */
class ResNet
{
public:
	ResNet(const Scope &scope, const ResNetShape &shape);

	/**
	 * \brief The stem after its ReLU, then layer1..layer4, as far as \a deepest (0..4)
	 * \return deepest + 1 tensors of strides 2, 4, 8, 16, 32
	 */
	std::vector<at::Tensor> operator()(const at::Tensor &image, int deepest) const;

private:
	Convolution stem_;
	std::array<std::vector<ResidualBlock>, 4> layers_;
};

} /* namespace fm */
