/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

namespace fm {

/** \brief The networks that can be run */
enum class BackboneKind {
	ResNet18Fpn,
	ResNet34Fpn,
	ResNet50Fpn,
	ResNet101Fpn,
	ResNet152Fpn,
	MobileNetV2
};

/** \brief The name that users write: "resnet50-fpn" ... */
constexpr const char *backboneName(BackboneKind kind)
{
	constexpr const char *names[] = { "resnet18-fpn",  "resnet34-fpn",  "resnet50-fpn",
		                          "resnet101-fpn", "resnet152-fpn", "mobilenet-v2" };
	return names[static_cast<int>(kind)];
}

} /* namespace fm */
