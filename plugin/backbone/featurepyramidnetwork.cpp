/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "featurepyramidnetwork.h"

namespace fm {

namespace {

constexpr int coarsestLevel = 5;

/* torchvision's Conv2dNormActivation without an activation: a convolution at 0, its batch norm at
 * 1. */
Node convolution(const std::string &scope, const FpnShape &shape, const WindowShape &window,
                 int input)
{
	return { .name = scope + ".0",
		 .norm = shape.norms ? scope + ".1" : "",
		 .shape = window,
		 .input = input };
}

/* torchvision.ops.feature_pyramid_network.LastLevelMaxPool */
void appendPool(Network &network, int channels, const FpnInput &p5)
{
	const int pool = network.append({ .kind = Node::Kind::MaxPool,
	                                  .name = "fpn.extra_blocks",
	                                  .shape = { channels, channels, 1, 2 },
	                                  .input = p5.node });
	network.addLevel({ "pool", "fpn.extra_blocks", channels, 2 * p5.stride }, pool);
}

/* torchvision.ops.feature_pyramid_network.LastLevelP6P7 */
void appendP6P7(Network &network, const FpnShape &shape, const FpnInput &c5, const FpnInput &p5)
{
	const int channels = shape.channels;
	const auto append = [&](const std::string &level, int input, int stride) {
		const std::string name = "fpn.extra_blocks." + level;
		const int node = network.append(
			{ .name = name,
		          .shape = { network.nodes[input].shape.out, channels, 3, 2 },
		          .input = input });
		network.addLevel({ level, name, channels, stride }, node);
		return node;
	};
	int x = append("p6", shape.p6FromBody ? c5.node : p5.node, 2 * p5.stride);
	if (shape.reluBeforeP7)
		x = network.append({ .kind = Node::Kind::Activation,
		                     .name = "fpn.extra_blocks.relu",
		                     .shape = { channels, channels, 1 },
		                     .input = x,
		                     .activation = Activation::Relu });
	append("p7", x, 4 * p5.stride);
}

} /* namespace */

void appendFeaturePyramidNetwork(Network &network, const FpnShape &shape,
                                 const std::vector<FpnInput> &body)
{
	const int channels = shape.channels;
	network.defaultLevel = static_cast<int>(network.levels.size());
	const int coarsest = static_cast<int>(body.size()) - 1;
	std::vector<int> inner(body.size());
	for (int i = coarsest; i >= 0; --i) {
		Node lateral = convolution("fpn.inner_blocks." + std::to_string(i), shape,
		                           { network.nodes[body[i].node].shape.out, channels, 1 },
		                           body[i].node);
		if (i < coarsest) {
			lateral.added = inner[i + 1];
			lateral.upsample = true;
		}
		inner[i] = network.append(std::move(lateral));
	}

	int output = Node::nothing;
	for (int i = 0; i <= coarsest; ++i) {
		const std::string name = "fpn.layer_blocks." + std::to_string(i);
		output = network.append(
			convolution(name, shape, { channels, channels, 3 }, inner[i]));
		network.addLevel({ "p" + std::to_string(coarsestLevel - coarsest + i), name,
		                   channels, body[i].stride },
		                 output);
	}
	const FpnInput p5 = { output, body[coarsest].stride };
	if (shape.extra == FpnShape::Extra::Pool)
		appendPool(network, channels, p5);
	else
		appendP6P7(network, shape, body[coarsest], p5);
}

} /* namespace fm */
