/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "backbone.h"
#include "featurepyramidnetwork.h"
#include "resnet.h"

namespace fm {

/** \brief torchvision's resnet_fpn_backbone: levels c1..c5, p2..p5, pool */
class ResNetFpn : public Backbone
{
public:
	ResNetFpn(const Scope &root, const ResNetShape &shape);

	int defaultLevel() const override;
	Features forward(const at::Tensor &image, const Demand &demand) const override;

private:
	ResNet body_;
	FeaturePyramidNetwork fpn_;
};

} /* namespace fm */
