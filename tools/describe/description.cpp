/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "describe.h"

#include <algorithm>

#include "error.h"
#include "view/channels.h"

namespace {

fm::Demand demandOf(const Options &options, const Description &description)
{
	const std::vector<fm::Level> &levels = description.network.levels;
	fm::Demand demand(levels.size());
	for (const std::string &name : options.levels) {
		const auto level = std::ranges::find(levels, name, &fm::Level::name);
		if (level == levels.end())
			throw fm::Error(fm::Error::Kind::BadSetting,
			                "level '" + name + "' does not exist in " +
			                        fm::backboneName(description.kind));
		const auto selection = fm::ChannelSelection::parse(options.channels);
		selection.check(level->name, level->channels);
		demand[level - levels.begin()] =
			selection.isRanked() ? fm::ChannelSet::all()
					     : fm::ChannelSet(selection.indices(level->channels));
	}
	return demand;
}

/* What the whole network is at a size. */
void addSizes(Description &description)
{
	const fm::Network &network = description.network;
	const fm::Demand all(network.levels.size(), fm::ChannelSet::all());
	const fm::Plan plan = fm::Plan::of(network, all, *description.size);
	description.multiplyAdds = plan.multiplyAdds();
	for (const int node : network.levelNodes)
		description.levelSizes.push_back(
			std::ranges::find(plan.steps, node, &fm::Step::node)->size);
}

} /* namespace */

Description Description::of(const Options &options)
{
	std::optional<fm::WeightsFile> file;
	if (!options.backbone.weights.empty())
		file.emplace(options.backbone.weights, options.backbone.backbone);
	const auto architecture = fm::chooseArchitecture(options.backbone, file ? &*file : nullptr);

	Description description = { .kind = architecture.kind,
		                    .network = fm::Network::of(architecture),
		                    .size = options.size };
	if (file)
		description.weights = { file->file(), file->checkpoint().format(), file->names(),
			                file->checkpoint().tensors().size(),
			                file->fit(description.network) };
	if (options.size)
		addSizes(description);
	if (!options.levels.empty())
		description.plan = fm::Plan::of(description.network, demandOf(options, description),
		                                *options.size);
	return description;
}

const char *kindName(fm::Node::Kind kind)
{
	constexpr const char *names[] = { "convolution", "max pool", "average pool", "scale",
		                          "activation" };
	return names[static_cast<int>(kind)];
}

const char *activationName(fm::Activation activation)
{
	constexpr const char *names[] = { "", "ReLU", "ReLU6", "Hardswish", "Hardsigmoid" };
	return names[static_cast<int>(activation)];
}

bool hasWindow(const fm::Node &node)
{
	return node.kind == fm::Node::Kind::Convolution || node.kind == fm::Node::Kind::MaxPool;
}
