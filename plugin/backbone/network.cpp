/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network.h"

#include "mobilenetv2.h"
#include "mobilenetv3.h"
#include "resnet.h"
#include "vgg.h"

namespace fm {

std::vector<int> Node::sources() const
{
	std::vector<int> sources;
	for (const int source : { input, added, factor })
		if (source >= 0)
			sources.push_back(source);
	return sources;
}

int Node::overwritable() const
{
	switch (kind) {
	case Kind::Convolution:
		return upsample ? nothing : added;
	case Kind::Scale:
	case Kind::Activation:
		return input;
	case Kind::MaxPool:
	case Kind::AveragePool:
		break;
	}
	return nothing;
}

Size Node::outputSize(Size in) const
{
	if (kind == Kind::AveragePool)
		return { 1, 1 };
	return { shape.outputSize(in.width), shape.outputSize(in.height) };
}

Network Network::of(const Architecture &architecture)
{
	switch (infoOf(architecture.kind).body) {
	case BackboneKind::ResNet18:
		return resNet(resNet18, architecture);
	case BackboneKind::ResNet34:
		return resNet(resNet34, architecture);
	case BackboneKind::ResNet101:
		return resNet(resNet101, architecture);
	case BackboneKind::ResNet152:
		return resNet(resNet152, architecture);
	case BackboneKind::ResNeXt50:
		return resNet(resNeXt50, architecture);
	case BackboneKind::WideResNet50:
		return resNet(wideResNet50, architecture);
	case BackboneKind::MobileNetV2:
		return mobileNetV2(architecture);
	case BackboneKind::MobileNetV3Large:
		return mobileNetV3Large(architecture);
	case BackboneKind::Vgg16:
		return vgg16(Norms::Without);
	case BackboneKind::Vgg16Bn:
		return vgg16(Norms::With);
	default:
		break;
	}
	return resNet(resNet50, architecture);
}

std::vector<ParameterShape> Network::parameterShapes() const
{
	std::vector<ParameterShape> all;
	for (const Node &node : nodes) {
		if (node.kind != Node::Kind::Convolution)
			continue;
		const auto &[in, out, kernel, stride, groups] = node.shape;
		all.push_back({ node.name + ".weight", { out, in / groups, kernel, kernel } });
		if (node.hasBias())
			all.push_back({ node.name + ".bias", { out } });
		if (node.norm.empty())
			continue;
		for (const char *part : { ".weight", ".bias", ".running_mean", ".running_var" })
			all.push_back({ node.norm + part, { out } });
	}
	return all;
}

int64_t Network::parameters() const
{
	int64_t sum = 0;
	for (const Node &node : nodes) {
		if (node.kind != Node::Kind::Convolution)
			continue;
		const WindowShape &shape = node.shape;
		sum += int64_t{ shape.out } * (shape.in / shape.groups) * shape.kernel *
		       shape.kernel;
		sum += int64_t{ shape.out } *
		       ((node.hasBias() ? 1 : 0) + (node.norm.empty() ? 0 : 2));
	}
	return sum;
}

} /* namespace fm */
