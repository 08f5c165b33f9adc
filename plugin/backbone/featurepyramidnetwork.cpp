/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "featurepyramidnetwork.h"

namespace fm {

namespace {

constexpr int channels = 256;
constexpr int finestStride = 4;

} /* namespace */

void appendFeaturePyramidNetwork(Network &network, const std::vector<int> &body)
{
	const int coarsest = static_cast<int>(body.size()) - 1;
	std::vector<int> inner(body.size());
	for (int i = coarsest; i >= 0; --i)
		inner[i] =
			network.append({ .name = "fpn.inner_blocks." + std::to_string(i) + ".0",
		                         .shape = { network.nodes[body[i]].shape.out, channels, 1 },
		                         .input = body[i],
		                         .added = i < coarsest ? inner[i + 1] : Node::nothing,
		                         .upsample = i < coarsest });

	int output = Node::nothing;
	for (int i = 0; i <= coarsest; ++i) {
		const std::string name = "fpn.layer_blocks." + std::to_string(i);
		output = network.append({ .name = name + ".0",
		                          .shape = { channels, channels, 3 },
		                          .input = inner[i] });
		network.addLevel({ "p" + std::to_string(i + 2), name, channels, finestStride << i },
		                 output);
	}
	const int pool = network.append({ .kind = Node::Kind::MaxPool,
	                                  .name = "fpn.extra_blocks",
	                                  .shape = { channels, channels, 1, 2 },
	                                  .input = output });
	network.addLevel({ "pool", "fpn.extra_blocks", channels, finestStride << body.size() },
	                 pool);
}

} /* namespace fm */
