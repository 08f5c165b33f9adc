/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mobilenetv2.h"

#include "mobilenet.h"

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

/* torchvision's InvertedResidual: expand 1x1, depthwise 3x3, project 1x1, the input added where it
 * has the same shape. */
void invertedResidual(MobileNetFeatures &features, int out, int stride, int expansion)
{
	const int in = features.channels();
	const int hidden = in * expansion;
	int place = 0;
	const auto next = [&] { return "conv." + std::to_string(place++); };

	features.begin(stride);
	if (expansion != 1)
		features.append(
			convolutionNormActivation(next(), { in, hidden, 1 }, Activation::Relu6));
	features.append(convolutionNormActivation(next(), { hidden, hidden, 3, stride, hidden },
	                                          Activation::Relu6));
	const std::string project = next();
	features.append({ .name = project,
	                  .norm = next(),
	                  .shape = { hidden, out, 1 },
	                  .added = stride == 1 && in == out ? features.input() : Node::nothing });
}

} /* namespace */

Network mobileNetV2(const Architecture &architecture)
{
	MobileNetFeatures features(architecture);
	features.begin(2);
	features.append(
		convolutionNormActivation("", { 3, stemChannels, 3, 2 }, Activation::Relu6));
	for (const Stage &stage : stages)
		for (int i = 0; i < stage.blocks; ++i)
			invertedResidual(features, stage.channels, i == 0 ? stage.stride : 1,
			                 stage.expansion);
	const int in = features.channels();
	features.begin(1);
	features.append(convolutionNormActivation("", { in, lastChannels, 1 }, Activation::Relu6));
	return features.finish();
}

} /* namespace fm */
