/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network.h"

#include "mobilenet.h"
#include "resnet.h"

namespace fm {

Network Network::of(BackboneKind kind)
{
	switch (kind) {
	case BackboneKind::ResNet18Fpn:
		return resNetFpn(resNet18);
	case BackboneKind::ResNet34Fpn:
		return resNetFpn(resNet34);
	case BackboneKind::ResNet50Fpn:
		return resNetFpn(resNet50);
	case BackboneKind::ResNet101Fpn:
		return resNetFpn(resNet101);
	case BackboneKind::ResNet152Fpn:
		return resNetFpn(resNet152);
	case BackboneKind::MobileNetV2:
		break;
	}
	return mobileNetV2();
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
		sum += int64_t{ shape.out } * (node.norm.empty() ? 1 : 2);
	}
	return sum;
}

} /* namespace fm */
