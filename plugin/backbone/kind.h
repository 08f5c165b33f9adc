/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <algorithm>

namespace fm {

/** \brief The backbones that users can choose */
enum class BackboneKind {
	Auto, /**< The one that the weights are for */
	ResNet18,
	ResNet18Fpn,
	ResNet34,
	ResNet34Fpn,
	ResNet50,
	ResNet50Fpn,
	ResNet101,
	ResNet101Fpn,
	ResNet152,
	ResNet152Fpn,
	ResNeXt50,
	ResNeXt50Fpn,
	WideResNet50,
	WideResNet50Fpn,
	MobileNetV2,
	MobileNetV2Fpn,
	MobileNetV3Large,
	MobileNetV3LargeFpn,
	Vgg16,
	Vgg16Bn,
	TorchScript, /**< The module that a file holds */
};

/** \brief What there is to say of a kind of network */
struct BackboneInfo {
	BackboneKind kind;
	BackboneKind body; /**< The same without its FPN; itself, where it has none */
	const char *name;  /**< That users write */
	const char *description;
};

/** \brief All kinds, each at the place of its value */
inline constexpr BackboneInfo backbones[] = {
	{ BackboneKind::Auto, BackboneKind::Auto, "auto",
	  "The one that the weights are for; without weights resnet50-fpn" },
	{ BackboneKind::ResNet18, BackboneKind::ResNet18, "resnet18", "ResNet-18" },
	{ BackboneKind::ResNet18Fpn, BackboneKind::ResNet18, "resnet18-fpn",
	  "ResNet-18 with a feature pyramid network" },
	{ BackboneKind::ResNet34, BackboneKind::ResNet34, "resnet34", "ResNet-34" },
	{ BackboneKind::ResNet34Fpn, BackboneKind::ResNet34, "resnet34-fpn",
	  "ResNet-34 with a feature pyramid network" },
	{ BackboneKind::ResNet50, BackboneKind::ResNet50, "resnet50", "ResNet-50" },
	{ BackboneKind::ResNet50Fpn, BackboneKind::ResNet50, "resnet50-fpn",
	  "ResNet-50 with a feature pyramid network (Faster R-CNN)" },
	{ BackboneKind::ResNet101, BackboneKind::ResNet101, "resnet101", "ResNet-101" },
	{ BackboneKind::ResNet101Fpn, BackboneKind::ResNet101, "resnet101-fpn",
	  "ResNet-101 with a feature pyramid network" },
	{ BackboneKind::ResNet152, BackboneKind::ResNet152, "resnet152", "ResNet-152" },
	{ BackboneKind::ResNet152Fpn, BackboneKind::ResNet152, "resnet152-fpn",
	  "ResNet-152 with a feature pyramid network" },
	{ BackboneKind::ResNeXt50, BackboneKind::ResNeXt50, "resnext50-32x4d", "ResNeXt-50 32x4d" },
	{ BackboneKind::ResNeXt50Fpn, BackboneKind::ResNeXt50, "resnext50-32x4d-fpn",
	  "ResNeXt-50 32x4d with a feature pyramid network" },
	{ BackboneKind::WideResNet50, BackboneKind::WideResNet50, "wide-resnet50-2",
	  "Wide ResNet-50-2" },
	{ BackboneKind::WideResNet50Fpn, BackboneKind::WideResNet50, "wide-resnet50-2-fpn",
	  "Wide ResNet-50-2 with a feature pyramid network" },
	{ BackboneKind::MobileNetV2, BackboneKind::MobileNetV2, "mobilenet-v2",
	  "MobileNetV2's features" },
	{ BackboneKind::MobileNetV2Fpn, BackboneKind::MobileNetV2, "mobilenet-v2-fpn",
	  "MobileNetV2 with a feature pyramid network" },
	{ BackboneKind::MobileNetV3Large, BackboneKind::MobileNetV3Large, "mobilenet-v3-large",
	  "MobileNetV3-Large's features" },
	{ BackboneKind::MobileNetV3LargeFpn, BackboneKind::MobileNetV3Large,
	  "mobilenet-v3-large-fpn",
	  "MobileNetV3-Large with a feature pyramid network (Faster R-CNN)" },
	{ BackboneKind::Vgg16, BackboneKind::Vgg16, "vgg16", "VGG-16's features" },
	{ BackboneKind::Vgg16Bn, BackboneKind::Vgg16Bn, "vgg16-bn",
	  "VGG-16's features with batch norm" },
	{ BackboneKind::TorchScript, BackboneKind::TorchScript, "torchscript",
	  "The module in weights: of torch.jit.save, or a compiled package (.pt2)" },
};

static_assert(std::ranges::all_of(backbones, [](const BackboneInfo &row) {
	return &row - backbones == static_cast<int>(row.kind);
}));

constexpr const BackboneInfo &infoOf(BackboneKind kind)
{
	return backbones[static_cast<int>(kind)];
}

/** \brief The name that users write: "resnet50-fpn" ... */
constexpr const char *backboneName(BackboneKind kind)
{
	return infoOf(kind).name;
}

/** \brief Whether it names a network, and does not leave it to the file */
constexpr bool isNetwork(BackboneKind kind)
{
	return kind != BackboneKind::Auto && kind != BackboneKind::TorchScript;
}

constexpr bool hasFpn(BackboneKind kind)
{
	return infoOf(kind).body != kind;
}

} /* namespace fm */
