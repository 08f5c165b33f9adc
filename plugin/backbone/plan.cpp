/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "error.h"

namespace fm {

namespace {

/* Per node, the channels of its result that the levels in \a demand depend on. */
std::vector<ChannelSet> neededChannels(const Network &network, const Demand &demand)
{
	std::vector<ChannelSet> needed(network.nodes.size());
	for (std::size_t level = 0; level < demand.size(); ++level)
		needed[network.levelNodes[level]] |= demand[level];

	for (int i = static_cast<int>(network.nodes.size()) - 1; i >= 0; --i) {
		const Node &node = network.nodes[i];
		needed[i] = needed[i].of(node.shape.out);
		if (needed[i].empty())
			continue;
		for (const int source : node.sources())
			needed[source] |=
				node.takesByChannel(source) ? needed[i] : ChannelSet::all();
	}
	return needed;
}

int64_t multiplyAdds(const Node &node, const Step &step)
{
	if (node.kind != Node::Kind::Convolution)
		return 0;
	const WindowShape &shape = node.shape;
	return int64_t{ step.channels.count(shape.out) } * step.size.width * step.size.height *
	       (shape.in / shape.groups) * shape.kernel * shape.kernel;
}

/* Says of each step what becomes free with it, and what of that its result may be written over. */
void planMemory(const Network &network, const Demand &demand, std::vector<Step> &steps)
{
	std::vector<bool> isNeeded(network.nodes.size());
	for (std::size_t level = 0; level < demand.size(); ++level)
		if (!demand[level].empty())
			isNeeded[network.levelNodes[level]] = true;
	std::vector<ChannelSet> channels(network.nodes.size());
	for (const Step &step : steps)
		channels[step.node] = step.channels;

	for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
		const Node &node = network.nodes[step->node];
		for (const int source : node.sources())
			if (!isNeeded[source]) {
				isNeeded[source] = true;
				step->released.push_back(source);
			}
		const int candidate = node.overwritable();
		if (std::ranges::count(step->released, candidate) != 0 &&
		    channels[candidate] == step->channels)
			step->overwrites = candidate;
	}
}

} /* namespace */

int64_t Plan::multiplyAdds() const
{
	return std::accumulate(
		steps.begin(), steps.end(), int64_t{ 0 },
		[](int64_t sum, const Step &step) { return sum + step.multiplyAdds; });
}

Plan Plan::of(const Network &network, const Demand &demand, Size image)
{
	const std::vector<ChannelSet> needed = neededChannels(network, demand);
	Plan plan = { image, {} };
	std::vector<Size> sizes(network.nodes.size());

	for (int i = 0; i < static_cast<int>(network.nodes.size()); ++i) {
		if (needed[i].empty())
			continue;
		const Node &node = network.nodes[i];
		const Size in = node.input == Node::image ? image : sizes[node.input];
		sizes[i] = node.outputSize(in);
		if (sizes[i].width < 1 || sizes[i].height < 1)
			throw Error(Error::Kind::BadSetting,
			            "An image of " + std::to_string(image.width) + "x" +
			                    std::to_string(image.height) +
			                    " is too small for the network",
			            "nothing is left of it in " + node.name);
		Step step = { .node = i, .channels = needed[i], .size = sizes[i] };
		step.multiplyAdds = fm::multiplyAdds(node, step);
		plan.steps.push_back(std::move(step));
	}
	planMemory(network, demand, plan.steps);
	return plan;
}

} /* namespace fm */
