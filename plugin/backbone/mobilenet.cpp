/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mobilenet.h"

namespace fm {

void MobileNetFeatures::begin(int stride)
{
	end();
	if (feature_ >= 0 && stride > 1)
		addLevel();
	++feature_;
	featureStride_ = stride;
	stride_ *= stride;
	input_ = last_;
}

void MobileNetFeatures::append(Node node)
{
	node.name = layer() + "." + node.name;
	if (!node.norm.empty())
		node.norm = layer() + "." + node.norm;
	if (node.input == Node::image)
		node.input = last_;
	last_ = network_.append(std::move(node));
}

Network MobileNetFeatures::finish()
{
	end();
	addLevel();
	network_.defaultLevel = static_cast<int>(network_.levels.size()) - 1;
	if (hasFpn(architecture_.kind))
		appendFeaturePyramidNetwork(network_, architecture_.fpn,
		                            { strided_, { last_, stride_ } });
	return std::move(network_);
}

std::string MobileNetFeatures::layer() const
{
	return (hasFpn(architecture_.kind) ? "body." : "features.") + std::to_string(feature_);
}

void MobileNetFeatures::end()
{
	if (featureStride_ > 1)
		strided_ = { last_, stride_ };
}

void MobileNetFeatures::addLevel()
{
	const std::string number = std::to_string(network_.levels.size() + 1);
	network_.addLevel({ "c" + number, layer(), channels(), stride_ }, last_);
}

Node convolutionNormActivation(const std::string &scope, const WindowShape &shape,
                               Activation activation)
{
	const std::string within = scope.empty() ? "" : scope + ".";
	return {
		.name = within + "0", .norm = within + "1", .shape = shape, .activation = activation
	};
}

} /* namespace fm */
