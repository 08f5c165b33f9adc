/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mobilenet.h"

#include <algorithm>
#include <iterator>

#include <ATen/ops/clamp.h>

namespace fm {

namespace {

/* Table 2 of Sandler et al., MobileNetV2 (arXiv 1801.04381): expansion, channels, blocks, stride of
 * the first block. */
struct Stage {
	int expansion, channels, blocks, stride;
};
constexpr Stage stages[] = { { 1, 16, 1, 1 }, { 6, 24, 2, 2 },  { 6, 32, 3, 2 }, { 6, 64, 4, 2 },
	                     { 6, 96, 3, 1 }, { 6, 160, 3, 2 }, { 6, 320, 1, 1 } };
constexpr int stemChannels = 32;
constexpr int lastChannels = 1280;

/* The feature that gives each level: the last before each stride, and the last of all. */
constexpr int levelFeatures[] = { 1, 3, 6, 13, 18 };

at::Tensor relu6(at::Tensor x)
{
	return at::clamp_(x, 0, 6);
}

/* torchvision's Conv2dNormActivation: a convolution at 0, its batch norm at 1. */
Convolution convolutionNorm(const Scope &scope, const ConvolutionShape &shape)
{
	return Convolution::withNorm(scope / 0, scope / 1, shape);
}

std::vector<Level> mobileNetLevels()
{
	constexpr int channels[] = { 16, 24, 32, 96, lastChannels };
	std::vector<Level> levels;
	for (int i = 0; i < 5; ++i)
		levels.push_back({ "c" + std::to_string(i + 1),
		                   "features." + std::to_string(levelFeatures[i]), channels[i],
		                   2 << i });
	return levels;
}

std::vector<Convolution> activatedConvolutions(const Scope &scope, int in, int stride,
                                               int expansion)
{
	std::vector<Convolution> convolutions;
	const int hidden = in * expansion;
	if (expansion != 1)
		convolutions.push_back(convolutionNorm(scope / 0, { in, hidden, 1 }));
	convolutions.push_back(convolutionNorm(scope / static_cast<int>(convolutions.size()),
	                                       { hidden, hidden, 3, stride, hidden }));
	return convolutions;
}

Convolution projection(const Scope &scope, int in, int out, int expansion)
{
	const int index = expansion != 1 ? 2 : 1;
	return Convolution::withNorm(scope / index, scope / (index + 1),
	                             { in * expansion, out, 1 });
}

} /* namespace */

InvertedResidual::InvertedResidual(const Scope &scope, int in, int out, int stride, int expansion)
	: activated_(activatedConvolutions(scope / "conv", in, stride, expansion)),
	  projection_(projection(scope / "conv", in, out, expansion)),
	  addsInput_(stride == 1 && in == out)
{
}

at::Tensor InvertedResidual::operator()(const at::Tensor &x) const
{
	at::Tensor out = x;
	for (const Convolution &convolution : activated_)
		out = relu6(convolution(out));
	out = projection_(out);
	if (addsInput_)
		out += x;
	return out;
}

MobileNetV2::MobileNetV2(const Scope &root)
	: Backbone(mobileNetLevels()),
	  stem_(convolutionNorm(root / "features" / 0, { 3, stemChannels, 3, 2 })),
	  head_(convolutionNorm(root / "features" / 18,
                                { std::end(stages)[-1].channels, lastChannels, 1 }))
{
	int in = stemChannels;
	for (const Stage &stage : stages)
		for (int i = 0; i < stage.blocks; ++i) {
			const int feature = static_cast<int>(blocks_.size()) + 1;
			blocks_.emplace_back(root / "features" / feature, in, stage.channels,
			                     i == 0 ? stage.stride : 1, stage.expansion);
			in = stage.channels;
		}
}

int MobileNetV2::defaultLevel() const
{
	return static_cast<int>(levels().size()) - 1;
}

Features MobileNetV2::forward(const at::Tensor &image, const Demand &demand) const
{
	Features features(levels().size());
	int pending = static_cast<int>(std::ranges::count(demand, true));
	const auto keep = [&](int feature, const at::Tensor &x) {
		const auto level =
			std::ranges::find(levelFeatures, feature) - std::begin(levelFeatures);
		if (level == std::ssize(levelFeatures) || !demand[level])
			return;
		features[level] = x;
		--pending;
	};

	at::Tensor x = relu6(stem_(image));
	for (int i = 0; i < static_cast<int>(blocks_.size()) && pending > 0; ++i) {
		x = blocks_[i](x);
		keep(i + 1, x);
	}
	if (pending > 0)
		keep(18, relu6(head_(x)));
	return features;
}

} /* namespace fm */
