/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* featuremosaic-describe: prints a backbone's layers and levels, or what is computed of it for what
 * is shown. */
#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <glib.h>

#include "backbone/plan.h"
#include "error.h"
#include "view/channels.h"

namespace {

using fm::Error;

struct Options {
	fm::BackboneKind backbone = fm::BackboneKind::ResNet50Fpn;
	std::vector<std::string> levels;
	std::string channels = "0-11";
	std::optional<fm::Size> size;
};

struct Free {
	void operator()(gchar *text) const { g_free(text); }
	void operator()(gchar **texts) const { g_strfreev(texts); }
	void operator()(GError *error) const { g_error_free(error); }
	void operator()(GOptionContext *context) const { g_option_context_free(context); }
};

Error wrongUsage(const std::string &sentence)
{
	return { Error::Kind::BadSetting, sentence };
}

fm::BackboneKind backboneOf(const std::string &name)
{
	std::string accepted;
	for (const fm::BackboneInfo &row : fm::backbones) {
		if (name == row.name)
			return row.kind;
		accepted += std::string(accepted.empty() ? "" : ", ") + row.name;
	}
	throw wrongUsage("backbone '" + name + "' is none of " + accepted);
}

fm::Size sizeOf(const std::string &text)
{
	fm::Size size = {};
	char rest = 0;
	if (std::sscanf(text.c_str(), "%5dx%5d%c", &size.width, &size.height, &rest) != 2 ||
	    size.width < 1 || size.height < 1)
		throw wrongUsage("size '" + text + "' is not of the form 640x360");
	return size;
}

Options parse(int argc, char **argv)
{
	gchar *backbone = nullptr;
	gchar **levels = nullptr;
	gchar *channels = nullptr;
	gchar *size = nullptr;
	const GOptionEntry entries[] = {
		{ "backbone", 0, 0, G_OPTION_ARG_STRING, &backbone,
		  "As the element's property: resnet50-fpn (the default), mobilenet-v2 ...",
		  "NAME" },
		{ "size", 0, 0, G_OPTION_ARG_STRING, &size,
		  "Pixels of the network's input, for the sizes of maps and the multiply-adds",
		  "WxH" },
		{ "level", 0, 0, G_OPTION_ARG_STRING_ARRAY, &levels,
		  "Print the plan for showing this level (may be given several times); needs "
		  "--size",
		  "NAME" },
		{ "channels", 0, 0, G_OPTION_ARG_STRING, &channels,
		  "Channels shown, as for the element; 0-11 is the default", "LIST" },
		{},
	};
	const std::unique_ptr<GOptionContext, Free> context(
		g_option_context_new("- describe a backbone of featuremosaic"));
	g_option_context_add_main_entries(context.get(), entries, nullptr);
	GError *error = nullptr;
	const bool parsed = g_option_context_parse(context.get(), &argc, &argv, &error);

	const std::unique_ptr<GError, Free> ownedError(error);
	const std::unique_ptr<gchar, Free> ownedBackbone(backbone);
	const std::unique_ptr<gchar *, Free> ownedLevels(levels);
	const std::unique_ptr<gchar, Free> ownedChannels(channels);
	const std::unique_ptr<gchar, Free> ownedSize(size);
	if (!parsed)
		throw wrongUsage(error->message);
	if (argc > 1)
		throw wrongUsage(std::string("'") + argv[1] + "' is not understood");

	Options options;
	if (backbone)
		options.backbone = backboneOf(backbone);
	if (size)
		options.size = sizeOf(size);
	if (levels)
		for (gchar **level = levels; *level; ++level)
			options.levels.emplace_back(*level);
	if (channels)
		options.channels = channels;
	if (!options.levels.empty() && !options.size)
		throw wrongUsage("--level needs --size");
	return options;
}

fm::Demand demandOf(const fm::Network &network, const Options &options)
{
	fm::Demand demand(network.levels.size());
	for (const std::string &name : options.levels) {
		const auto level = std::ranges::find(network.levels, name, &fm::Level::name);
		if (level == network.levels.end())
			throw wrongUsage("level '" + name + "' does not exist in " +
			                 fm::backboneName(options.backbone));
		const auto selection = fm::ChannelSelection::parse(options.channels);
		selection.check(level->name, level->channels);
		demand[level - network.levels.begin()] =
			selection.isRanked() ? fm::ChannelSet::all()
					     : fm::ChannelSet(selection.indices(level->channels));
	}
	return demand;
}

fm::Plan wholeNetwork(const fm::Network &network, fm::Size size)
{
	const fm::Demand all(network.levels.size(), fm::ChannelSet::all());
	return fm::Plan::of(network, all, size);
}

std::string sizeText(fm::Size size)
{
	return std::to_string(size.width) + "x" + std::to_string(size.height);
}

std::string operationText(const fm::Node &node)
{
	constexpr const char *names[] = { "convolution", "max pool", "average pool", "scale",
		                          "activation" };
	std::string text = names[static_cast<int>(node.kind)];
	if (node.kind != fm::Node::Kind::Convolution && node.kind != fm::Node::Kind::MaxPool)
		return text;
	const fm::WindowShape &shape = node.shape;
	text += " " + sizeText({ shape.kernel, shape.kernel }) + " stride " +
	        std::to_string(shape.stride) + " padding " + std::to_string(shape.padding());
	if (shape.groups > 1)
		text += " groups " + std::to_string(shape.groups);
	return text;
}

std::string extrasText(const fm::Network &network, const fm::Node &node)
{
	std::string text;
	if (!node.norm.empty())
		text += ", " + node.norm;
	if (node.added >= 0)
		text += std::string(", + ") + (node.upsample ? "upsampled " : "") +
		        network.nodes[node.added].name;
	if (node.factor >= 0)
		text += ", * " + network.nodes[node.factor].name;
	constexpr const char *activations[] = { "", ", ReLU", ", ReLU6", ", Hardswish",
		                                ", Hardsigmoid" };
	text += activations[static_cast<int>(node.activation)];
	return text.empty() ? text : text.substr(2);
}

void printNetwork(const Options &options, const fm::Network &network)
{
	std::printf("%s\n", fm::backboneName(options.backbone));
	for (const fm::Node &node : network.nodes)
		std::printf("  %-30s %-38s %4d -> %-4d  %s\n", node.name.c_str(),
		            operationText(node).c_str(), node.shape.in, node.shape.out,
		            extrasText(network, node).c_str());

	std::printf("\nlevel  layer               channels  stride%s\n",
	            options.size ? "  size" : "");
	std::vector<fm::Size> sizes(network.nodes.size());
	if (options.size)
		for (const fm::Step &step : wholeNetwork(network, *options.size).steps)
			sizes[step.node] = step.size;
	for (std::size_t i = 0; i < network.levels.size(); ++i) {
		const fm::Level &level = network.levels[i];
		const std::string size = options.size ? sizeText(sizes[network.levelNodes[i]]) : "";
		std::printf("%-6s %-19s %8d %7d  %s\n", level.name.c_str(), level.layer.c_str(),
		            level.channels, level.stride, size.c_str());
	}

	std::printf("\n%lld parameters\n", static_cast<long long>(network.parameters()));
	if (options.size)
		std::printf(
			"%lld multiply-adds for an input of %s\n",
			static_cast<long long>(wholeNetwork(network, *options.size).multiplyAdds()),
			sizeText(*options.size).c_str());
}

void printPlan(const Options &options, const fm::Network &network)
{
	const fm::Plan plan = fm::Plan::of(network, demandOf(network, options), *options.size);
	std::printf("%-30s %-38s %-13s %-9s %13s\n", "step", "", "channels", "size",
	            "multiply-adds");
	for (const fm::Step &step : plan.steps) {
		const fm::Node &node = network.nodes[step.node];
		const std::string channels = std::to_string(step.channels.count(node.shape.out)) +
		                             " of " + std::to_string(node.shape.out);
		std::printf("%-30s %-38s %-13s %-9s %13lld\n", node.name.c_str(),
		            operationText(node).c_str(), channels.c_str(),
		            sizeText(step.size).c_str(), static_cast<long long>(step.multiplyAdds));
	}
	const int64_t whole = wholeNetwork(network, *options.size).multiplyAdds();
	std::printf("\n%zu of %zu layers, %lld multiply-adds: %.1f %% of the whole network's\n",
	            plan.steps.size(), network.nodes.size(),
	            static_cast<long long>(plan.multiplyAdds()),
	            100.0 * static_cast<double>(plan.multiplyAdds()) / static_cast<double>(whole));
}

} /* namespace */

int main(int argc, char **argv)
{
	try {
		const Options options = parse(argc, argv);
		const fm::Network network = fm::Network::of(options.backbone);
		if (options.levels.empty())
			printNetwork(options, network);
		else
			printPlan(options, network);
		return 0;
	} catch (const std::exception &error) {
		std::fprintf(stderr, "featuremosaic-describe: %s\n", error.what());
		return 2;
	}
}
