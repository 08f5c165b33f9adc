/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "describe.h"

namespace {

using Json = nlohmann::ordered_json;

Json square(int side)
{
	return { side, side };
}

Json layerOf(const fm::Network &network, const fm::Node &node)
{
	const auto nameOf = [&](int source) -> Json {
		return source == fm::Node::image ? "image" : network.nodes[source].name;
	};
	Json layer = { { "name", node.name },
		       { "kind", kindName(node.kind) },
		       { "input", nameOf(node.input) } };
	if (hasWindow(node)) {
		const fm::WindowShape &shape = node.shape;
		layer["in_channels"] = shape.in;
		layer["out_channels"] = shape.out;
		layer["kernel_size"] = square(shape.kernel);
		layer["stride"] = square(shape.stride);
		layer["padding"] = square(shape.padding());
	}
	if (node.kind == fm::Node::Kind::Convolution) {
		layer["groups"] = node.shape.groups;
		layer["bias"] = node.hasBias();
	}
	if (!node.norm.empty())
		layer["batch_norm"] = node.norm;
	if (node.added >= 0)
		layer["added"] = { { "name", nameOf(node.added) }, { "upsampled", node.upsample } };
	if (node.factor >= 0)
		layer["factor"] = nameOf(node.factor);
	if (node.activation != fm::Activation::None)
		layer["activation"] = activationName(node.activation);
	return layer;
}

Json levelsOf(const Description &description)
{
	Json levels = Json::array();
	for (std::size_t i = 0; i < description.network.levels.size(); ++i) {
		const fm::Level &level = description.network.levels[i];
		Json row = { { "name", level.name },
			     { "layer", level.layer },
			     { "channels", level.channels },
			     { "stride", level.stride } };
		if (description.size) {
			row["width"] = description.levelSizes[i].width;
			row["height"] = description.levelSizes[i].height;
		}
		levels.push_back(std::move(row));
	}
	return levels;
}

Json planOf(const Description &description)
{
	Json steps = Json::array();
	for (const fm::Step &step : description.plan->steps) {
		const fm::Node &node = description.network.nodes[step.node];
		steps.push_back({ { "name", node.name },
		                  { "channels", step.channels.count(node.shape.out) },
		                  { "width", step.size.width },
		                  { "height", step.size.height },
		                  { "multiply_adds", step.multiplyAdds } });
	}
	return { { "steps", std::move(steps) },
		 { "multiply_adds", description.plan->multiplyAdds() } };
}

Json weightsOf(const Weights &weights)
{
	const fm::LoadReport &report = weights.report;
	Json misshapen = Json::array();
	for (const fm::Misshapen &tensor : report.misshapen)
		misshapen.push_back({ { "name", tensor.name },
		                      { "found", tensor.found },
		                      { "expected", tensor.expected } });
	Json unread = Json::array();
	for (const auto &[name, type] : report.unread)
		unread.push_back({ { "name", name }, { "type", type } });
	const auto &names = weights.names;
	Json all = { { "file", weights.file },
		     { "format", weights.format },
		     { "family", names ? Json(fm::familyName(names->family())) : Json() },
		     { "prefix", names ? Json(names->prefix()) : Json() },
		     { "tensors", weights.tensors },
		     { "fits", report.fits() },
		     { "matched", report.matched },
		     { "missing", report.missing },
		     { "unexpected", report.unexpected },
		     { "misshapen", std::move(misshapen) },
		     { "unread", std::move(unread) },
		     { "accepted", weights.suffices },
		     { "warning", weights.warning.empty() ? Json() : Json(weights.warning) } };
	for (const auto &[name, tensor] : weights.first)
		all["first"].push_back({ { "name", name }, { "shape", tensor.shape } });
	return all;
}

Json networkOf(const Description &description)
{
	const fm::Network &network = description.network;
	Json layers = Json::array();
	for (const fm::Node &node : network.nodes)
		layers.push_back(layerOf(network, node));
	Json all = { { "backbone", fm::backboneName(description.kind) },
		     { "layers", std::move(layers) },
		     { "levels", levelsOf(description) },
		     { "parameters", network.parameters() } };
	if (description.size)
		all["multiply_adds"] = description.multiplyAdds;
	if (description.plan)
		all["plan"] = planOf(description);
	return all;
}

} /* namespace */

void printJson(const Description &description)
{
	Json all = description.isKnown() ? networkOf(description) : Json{ { "backbone", nullptr } };
	if (description.weights)
		all["weights"] = weightsOf(*description.weights);
	/* A file's names need not be UTF-8. */
	std::printf("%s\n", all.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
}
