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

Weights weightsOf(const fm::WeightsFile &file, fm::BackboneKind asked, const fm::Network &network)
{
	fm::LoadReport report = file.fit(network);
	const bool suffices = report.suffices(asked);
	std::string warning = file.warning(report);
	return { .file = file.file(),
		 .format = file.checkpoint().format(),
		 .names = file.names(),
		 .tensors = file.checkpoint().tensors().size(),
		 .report = std::move(report),
		 .suffices = suffices,
		 .warning = std::move(warning) };
}

/* What of a network is missing says nothing, where none is meant. */
Description unknown(Weights weights, const fm::WeightsFile &file)
{
	constexpr std::size_t shown = 5;
	const auto &tensors = file.checkpoint().tensors();
	weights.first.assign(tensors.begin(), tensors.begin() + std::min(shown, tensors.size()));
	weights.report.missing.clear();
	weights.report.misshapen.clear();
	weights.report.unexpected.clear();
	weights.report.unread = file.checkpoint().unread();
	return { .kind = fm::BackboneKind::Auto, .weights = std::move(weights) };
}

} /* namespace */

Description Description::of(const Options &options)
{
	const fm::BackboneKind asked = options.backbone.backbone;
	std::optional<fm::WeightsFile> file;
	if (!options.backbone.weights.empty())
		file.emplace(options.backbone.weights, asked);
	const auto architecture = fm::chooseArchitecture(options.backbone, file ? &*file : nullptr);

	Description description = { .kind = architecture.kind,
		                    .network = fm::Network::of(architecture),
		                    .size = options.size };
	if (file)
		description.weights = weightsOf(*file, asked, description.network);
	if (file && asked == fm::BackboneKind::Auto && description.weights->report.matched.empty())
		return unknown(*std::move(description.weights), *file);
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
