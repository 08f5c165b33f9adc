/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "backbone.h"

#include "mobilenet.h"
#include "resnetfpn.h"

namespace fm {

std::unique_ptr<Backbone> Backbone::make(BackboneKind kind, const Scope &root)
{
	switch (kind) {
	case BackboneKind::ResNet18Fpn:
		return std::make_unique<ResNetFpn>(root, resNet18);
	case BackboneKind::ResNet34Fpn:
		return std::make_unique<ResNetFpn>(root, resNet34);
	case BackboneKind::ResNet50Fpn:
		return std::make_unique<ResNetFpn>(root, resNet50);
	case BackboneKind::ResNet101Fpn:
		return std::make_unique<ResNetFpn>(root, resNet101);
	case BackboneKind::ResNet152Fpn:
		return std::make_unique<ResNetFpn>(root, resNet152);
	case BackboneKind::MobileNetV2:
		break;
	}
	return std::make_unique<MobileNetV2>(root);
}

} /* namespace fm */
