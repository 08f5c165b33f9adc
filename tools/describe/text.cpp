/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <cstdio>
#include <map>

#include "describe.h"

namespace {

std::string sizeText(fm::Size size)
{
	return std::to_string(size.width) + "x" + std::to_string(size.height);
}

std::string operationText(const fm::Node &node)
{
	std::string text = kindName(node.kind);
	if (!hasWindow(node))
		return text;
	const fm::WindowShape &shape = node.shape;
	text += " " + sizeText({ shape.kernel, shape.kernel }) + " stride " +
	        std::to_string(shape.stride) + " padding " + std::to_string(shape.padding());
	if (shape.groups > 1)
		text += " groups " + std::to_string(shape.groups);
	return text;
}

/* What is done with the result of a convolution and its norm. */
std::string afterwardsText(const fm::Network &network, const fm::Node &node)
{
	std::string text;
	if (node.added >= 0)
		text += std::string(", + ") + (node.upsample ? "upsampled " : "") +
		        network.nodes[node.added].name;
	if (node.factor >= 0)
		text += ", * " + network.nodes[node.factor].name;
	if (node.activation != fm::Activation::None)
		text += std::string(", ") + activationName(node.activation);
	return text;
}

/* Modules within modules, as their names have them. */
struct Module {
	std::string text; /* Of what is a layer. */
	/* By place: numbers have their own, all else comes as it does. */
	std::map<std::pair<int, std::string>, Module> parts;

	Module &at(const std::string &path)
	{
		const auto dot = path.find('.');
		const std::string first = path.substr(0, dot);
		auto found = std::ranges::find_if(
			parts, [&](const auto &part) { return part.first.second == first; });
		if (found == parts.end()) {
			const bool isNumber =
				first.find_first_not_of("0123456789") == std::string::npos;
			const int place =
				isNumber ? std::stoi(first) : static_cast<int>(parts.size());
			found = parts.emplace(std::pair{ place, first }, Module()).first;
		}
		return dot == std::string::npos ? found->second
		                                : found->second.at(path.substr(dot + 1));
	}

	void print(int depth) const
	{
		constexpr int width = 36;
		for (const auto &[key, part] : parts) {
			const std::string name(std::string(2 * depth, ' ') + key.second);
			if (part.text.empty())
				std::printf("%s\n", name.c_str());
			else
				std::printf("%-*s %s\n", width, name.c_str(), part.text.c_str());
			part.print(depth + 1);
		}
	}
};

void printLayers(const fm::Network &network)
{
	Module root;
	for (const fm::Node &node : network.nodes) {
		const std::string afterwards = afterwardsText(network, node);
		std::string text = operationText(node);
		if (hasWindow(node))
			text += ", " + std::to_string(node.shape.in) + " -> " +
			        std::to_string(node.shape.out);
		root.at(node.name).text = text + (node.norm.empty() ? afterwards : "");
		if (!node.norm.empty())
			root.at(node.norm).text =
				"batch norm of " + std::to_string(node.shape.out) + afterwards;
	}
	root.print(1);
}

void printLevels(const Description &description)
{
	const auto &levels = description.network.levels;
	std::printf("\nlevel  layer               channels  stride%s\n",
	            description.size ? "  size" : "");
	for (std::size_t i = 0; i < levels.size(); ++i) {
		const std::string size =
			description.size ? sizeText(description.levelSizes[i]) : "";
		std::printf("%-6s %-19s %8d %7d  %s\n", levels[i].name.c_str(),
		            levels[i].layer.c_str(), levels[i].channels, levels[i].stride,
		            size.c_str());
	}
}

void printNetwork(const Description &description)
{
	std::printf("%s\n", fm::backboneName(description.kind));
	printLayers(description.network);
	printLevels(description);
	std::printf("\n%lld parameters\n",
	            static_cast<long long>(description.network.parameters()));
	if (description.size)
		std::printf("%lld multiply-adds for an input of %s\n",
		            static_cast<long long>(description.multiplyAdds),
		            sizeText(*description.size).c_str());
}

void printPlan(const Description &description)
{
	const fm::Plan &plan = *description.plan;
	std::printf("%-30s %-38s %-13s %-9s %13s\n", "step", "", "channels", "size",
	            "multiply-adds");
	for (const fm::Step &step : plan.steps) {
		const fm::Node &node = description.network.nodes[step.node];
		const std::string channels = std::to_string(step.channels.count(node.shape.out)) +
		                             " of " + std::to_string(node.shape.out);
		std::printf("%-30s %-38s %-13s %-9s %13lld\n", node.name.c_str(),
		            operationText(node).c_str(), channels.c_str(),
		            sizeText(step.size).c_str(), static_cast<long long>(step.multiplyAdds));
	}
	std::printf("\n%zu of %zu layers, %lld multiply-adds: %.1f %% of the whole network's\n",
	            plan.steps.size(), description.network.nodes.size(),
	            static_cast<long long>(plan.multiplyAdds()),
	            100.0 * static_cast<double>(plan.multiplyAdds()) /
	                    static_cast<double>(description.multiplyAdds));
}

void printNames(const char *what, const std::vector<std::string> &names)
{
	if (names.empty())
		return;
	std::printf("  %s:\n", what);
	for (const std::string &name : names)
		std::printf("    %s\n", name.c_str());
}

void printHeader(const Weights &weights)
{
	std::printf("%s: %s, %zu tensors\n", weights.file.c_str(), weights.format.c_str(),
	            weights.tensors);
}

void printUnknown(const Weights &weights)
{
	std::printf("no known backbone\n\n");
	printHeader(weights);
	for (const auto &[name, tensor] : weights.first)
		std::printf("  %s %s\n", name.c_str(), fm::shapeText(tensor.shape).c_str());
	if (weights.tensors > weights.first.size())
		std::printf("  and %zu more\n", weights.tensors - weights.first.size());
	printNames("cannot be read", weights.report.unreadTexts());
}

void printWeights(const Weights &weights, fm::BackboneKind kind)
{
	std::printf("\n");
	printHeader(weights);
	if (weights.names)
		std::printf("  names as in %s, behind '%s'\n",
		            fm::familyName(weights.names->family()),
		            weights.names->prefix().c_str());
	const fm::LoadReport &report = weights.report;
	if (report.matched.empty()) {
		std::printf("  holds no tensor of %s\n", fm::backboneName(kind));
		printNames("cannot be read", report.unreadTexts());
		return;
	}
	std::printf("  %s %s: %zu tensors matched, %zu missing, %zu unexpected, %zu of the wrong "
	            "shape\n",
	            report.fits()      ? "fits"
	            : weights.suffices ? "fits the body of"
	                               : "does not fit",
	            fm::backboneName(kind), report.matched.size(), report.missing.size(),
	            report.unexpected.size(), report.misshapen.size());
	if (!weights.warning.empty())
		std::printf("  %s\n", weights.warning.c_str());
	printNames("cannot be read", report.unreadTexts());
	printNames("missing", report.missing);
	printNames("unexpected", report.unexpected);
	printNames("of the wrong shape", report.misshapenTexts());
}

} /* namespace */

void printText(const Description &description)
{
	if (!description.isKnown()) {
		printUnknown(*description.weights);
		return;
	}
	if (description.plan)
		printPlan(description);
	else
		printNetwork(description);
	if (description.weights)
		printWeights(*description.weights, description.kind);
}
