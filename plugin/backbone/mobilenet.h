/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "backbone.h"

namespace fm {

/** \brief torchvision's InvertedResidual: expand 1x1, depthwise 3x3, project 1x1 */
class InvertedResidual
{
public:
	InvertedResidual(const Scope &scope, int in, int out, int stride, int expansion);

	at::Tensor operator()(const at::Tensor &x) const;

private:
	std::vector<Convolution> activated_; /* Followed by ReLU6. */
	Convolution projection_;
	bool addsInput_;
};

/** \brief torchvision.models.MobileNetV2().features: levels c1..c5 = features 1, 3, 6, 13, 18 */
class MobileNetV2 : public Backbone
{
public:
	explicit MobileNetV2(const Scope &root);

	int defaultLevel() const override;
	Features forward(const at::Tensor &image, const Demand &demand) const override;

private:
	Convolution stem_;                     /* features.0 */
	std::vector<InvertedResidual> blocks_; /* features.1 .. features.17 */
	Convolution head_;                     /* features.18 */
};

} /* namespace fm */
