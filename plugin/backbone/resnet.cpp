/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "resnet.h"

#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/relu.h>

namespace fm {

void ResidualBlock::addConvolution(const Scope &scope, const ConvolutionShape &shape)
{
	const std::string number = std::to_string(convolutions_.size() + 1);
	convolutions_.push_back(
		Convolution::withNorm(scope / ("conv" + number), scope / ("bn" + number), shape));
}

void ResidualBlock::addDownsample(const Scope &scope, int in, int out, int stride)
{
	if (stride == 1 && in == out)
		return;
	const Scope downsample = scope / "downsample";
	downsample_ = Convolution::withNorm(downsample / 0, downsample / 1, { in, out, 1, stride });
}

ResidualBlock ResidualBlock::basic(const Scope &scope, int in, int width, int stride)
{
	ResidualBlock block;
	block.addConvolution(scope, { in, width, 3, stride });
	block.addConvolution(scope, { width, width, 3 });
	block.addDownsample(scope, in, width, stride);
	return block;
}

ResidualBlock ResidualBlock::bottleneck(const Scope &scope, int in, int width, int stride)
{
	ResidualBlock block;
	block.addConvolution(scope, { in, width, 1 });
	block.addConvolution(scope, { width, width, 3, stride });
	block.addConvolution(scope, { width, 4 * width, 1 });
	block.addDownsample(scope, in, 4 * width, stride);
	return block;
}

at::Tensor ResidualBlock::operator()(const at::Tensor &x) const
{
	at::Tensor out = convolutions_.front()(x);
	for (std::size_t i = 1; i < convolutions_.size(); ++i)
		out = convolutions_[i](at::relu_(out));

	out += downsample_ ? (*downsample_)(x) : x;
	return at::relu_(out);
}

ResNet::ResNet(const Scope &scope, const ResNetShape &shape)
	: stem_(Convolution::withNorm(scope / "conv1", scope / "bn1", { 3, 64, 7, 2 }))
{
	int in = 64;
	for (int layer = 0; layer < 4; ++layer) {
		const Scope layerScope = scope / ("layer" + std::to_string(layer + 1));
		for (int i = 0; i < shape.blocks[layer]; ++i) {
			const int stride = layer > 0 && i == 0 ? 2 : 1;
			const auto make =
				shape.bottleneck ? ResidualBlock::bottleneck : ResidualBlock::basic;
			layers_[layer].push_back(make(layerScope / i, in, 64 << layer, stride));
			in = shape.channels(layer);
		}
	}
}

std::vector<at::Tensor> ResNet::operator()(const at::Tensor &image, int deepest) const
{
	at::Tensor stem = stem_(image);
	std::vector<at::Tensor> features = { at::relu_(stem) };

	for (int layer = 0; layer < deepest; ++layer) {
		at::Tensor x = features.back();
		if (layer == 0)
			x = at::max_pool2d(x, { 3, 3 }, { 2, 2 }, { 1, 1 });
		for (const ResidualBlock &block : layers_[layer])
			x = block(x);
		features.push_back(x);
	}
	return features;
}

} /* namespace fm */
