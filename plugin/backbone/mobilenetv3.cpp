/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mobilenetv3.h"

#include <algorithm>

#include "mobilenet.h"

namespace fm {

namespace {

enum class SqueezeExcitation { Without, With };
using enum SqueezeExcitation;
using enum Activation;

/* Table 1 of Howard et al., Searching for MobileNetV3 (arXiv 1905.02244). */
struct Block {
	int kernel, expanded, out;
	SqueezeExcitation squeezeExcitation;
	Activation activation;
	int stride;
};
constexpr Block blocks[] = {
	{ 3, 16, 16, Without, Relu, 1 },       { 3, 64, 24, Without, Relu, 2 },
	{ 3, 72, 24, Without, Relu, 1 },       { 5, 72, 40, With, Relu, 2 },
	{ 5, 120, 40, With, Relu, 1 },         { 5, 120, 40, With, Relu, 1 },
	{ 3, 240, 80, Without, Hardswish, 2 }, { 3, 200, 80, Without, Hardswish, 1 },
	{ 3, 184, 80, Without, Hardswish, 1 }, { 3, 184, 80, Without, Hardswish, 1 },
	{ 3, 480, 112, With, Hardswish, 1 },   { 3, 672, 112, With, Hardswish, 1 },
	{ 5, 672, 160, With, Hardswish, 2 },   { 5, 960, 160, With, Hardswish, 1 },
	{ 5, 960, 160, With, Hardswish, 1 },
};
constexpr int stemChannels = 16;
constexpr int lastChannels = 960;

/* A classifier's; with the FPN torchvision gives the norms no epsilon of their own. */
constexpr double classifierNormEpsilon = 1e-3;

/* A quarter, as a multiple of 8: torchvision's _make_divisible(). */
int squeezedChannels(int channels)
{
	const int quarter = channels / 4;
	const int rounded = std::max(8, (quarter + 4) / 8 * 8);
	return 10 * rounded < 9 * quarter ? rounded + 8 : rounded;
}

/* torchvision's SqueezeExcitation: each map times a number that follows from the means of all. */
void squeezeExcitation(MobileNetFeatures &features, const std::string &scope)
{
	const int maps = features.last();
	const int channels = features.channels();
	const int squeezed = squeezedChannels(channels);
	features.append({ .kind = Node::Kind::AveragePool,
	                  .name = scope + ".avgpool",
	                  .shape = { channels, channels, 1 } });
	features.append(
		{ .name = scope + ".fc1", .shape = { channels, squeezed, 1 }, .activation = Relu });
	features.append({ .name = scope + ".fc2",
	                  .shape = { squeezed, channels, 1 },
	                  .activation = Hardsigmoid });
	features.append({ .kind = Node::Kind::Scale,
	                  .name = scope,
	                  .shape = { channels, channels, 1 },
	                  .input = maps,
	                  .factor = features.last() });
}

/* torchvision's InvertedResidual: expand 1x1, depthwise, squeeze and excitation, project 1x1, the
 * input added where it has the same shape. */
void invertedResidual(MobileNetFeatures &features, const Block &block)
{
	const int in = features.channels();
	const int hidden = block.expanded;
	int place = 0;
	const auto next = [&] { return "block." + std::to_string(place++); };

	features.begin(block.stride);
	if (hidden != in)
		features.append(
			convolutionNormActivation(next(), { in, hidden, 1 }, block.activation));
	features.append(convolutionNormActivation(
		next(), { hidden, hidden, block.kernel, block.stride, hidden }, block.activation));
	if (block.squeezeExcitation == With)
		squeezeExcitation(features, next());
	Node project = convolutionNormActivation(next(), { hidden, block.out, 1 }, None);
	if (block.stride == 1 && in == block.out)
		project.added = features.input();
	features.append(std::move(project));
}

} /* namespace */

Network mobileNetV3Large(const Architecture &architecture)
{
	MobileNetFeatures features(architecture);
	features.begin(2);
	features.append(convolutionNormActivation("", { 3, stemChannels, 3, 2 }, Hardswish));
	for (const Block &block : blocks)
		invertedResidual(features, block);
	const int in = features.channels();
	features.begin(1);
	features.append(convolutionNormActivation("", { in, lastChannels, 1 }, Hardswish));

	Network network = features.finish();
	if (!hasFpn(architecture.kind))
		network.normEpsilon = classifierNormEpsilon;
	return network;
}

} /* namespace fm */
