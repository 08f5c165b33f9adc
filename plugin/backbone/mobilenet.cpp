/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mobilenet.h"

#include <algorithm>
#include <iterator>

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

/* torchvision's Conv2dNormActivation: a convolution at 0, its batch norm at 1. */
int convolutionNormActivation(Network &network, const std::string &scope, const WindowShape &shape,
                              int x)
{
	return network.append({ .name = scope + ".0",
	                        .norm = scope + ".1",
	                        .shape = shape,
	                        .input = x,
	                        .activation = Activation::Relu6 });
}

/* torchvision's InvertedResidual: expand 1x1, depthwise 3x3, project 1x1, the input added where it
 * has the same shape. */
int invertedResidual(Network &network, const std::string &feature, int x, int in, int out,
                     int stride, int expansion)
{
	const std::string scope = feature + ".conv.";
	const int hidden = in * expansion;
	const int input = x;
	int index = 0;
	if (expansion != 1)
		x = convolutionNormActivation(network, scope + std::to_string(index++),
		                              { in, hidden, 1 }, x);
	x = convolutionNormActivation(network, scope + std::to_string(index++),
	                              { hidden, hidden, 3, stride, hidden }, x);
	return network.append({ .name = scope + std::to_string(index),
	                        .norm = scope + std::to_string(index + 1),
	                        .shape = { hidden, out, 1 },
	                        .input = x,
	                        .added = stride == 1 && in == out ? input : Node::nothing });
}

void addLevelOf(Network &network, int feature, int node)
{
	const auto level = std::ranges::find(levelFeatures, feature) - std::begin(levelFeatures);
	if (level == std::ssize(levelFeatures))
		return;
	network.addLevel({ "c" + std::to_string(level + 1), "features." + std::to_string(feature),
	                   network.nodes[node].shape.out, 2 << level },
	                 node);
}

} /* namespace */

Network mobileNetV2()
{
	Network network;
	int feature = 0;
	const auto scope = [&] { return "features." + std::to_string(feature); };

	int x = convolutionNormActivation(network, scope(), { 3, stemChannels, 3, 2 }, Node::image);
	int in = stemChannels;
	for (const Stage &stage : stages)
		for (int i = 0; i < stage.blocks; ++i) {
			++feature;
			x = invertedResidual(network, scope(), x, in, stage.channels,
			                     i == 0 ? stage.stride : 1, stage.expansion);
			in = stage.channels;
			addLevelOf(network, feature, x);
		}
	++feature;
	x = convolutionNormActivation(network, scope(), { in, lastChannels, 1 }, x);
	addLevelOf(network, feature, x);
	network.defaultLevel = static_cast<int>(network.levels.size()) - 1;
	return network;
}

} /* namespace fm */
