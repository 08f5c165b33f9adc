/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "featurepyramidnetwork.h"

#include <algorithm>

#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/upsample_nearest2d.h>

namespace fm {

FeaturePyramidNetwork::FeaturePyramidNetwork(const Scope &scope, const std::vector<int> &in)
{
	for (int i = 0; i < static_cast<int>(in.size()); ++i) {
		innerBlocks_.push_back(Convolution::withBias(scope / "inner_blocks" / i / 0,
		                                             { in[i], channels, 1 }));
		layerBlocks_.push_back(Convolution::withBias(scope / "layer_blocks" / i / 0,
		                                             { channels, channels, 3 }));
	}
}

std::vector<at::Tensor> FeaturePyramidNetwork::operator()(const std::vector<at::Tensor> &features,
                                                          const std::vector<bool> &wanted) const
{
	const auto finest = std::ranges::find(wanted, true) - wanted.begin();
	const auto coarsest = static_cast<std::ptrdiff_t>(features.size()) - 1;

	std::vector<at::Tensor> pyramid(features.size());
	at::Tensor inner;
	for (std::ptrdiff_t i = coarsest; i >= finest; --i) {
		at::Tensor lateral = innerBlocks_[i](features[i]);
		if (inner.defined())
			lateral += at::upsample_nearest2d(inner, lateral.sizes().slice(2));
		inner = lateral;
		if (wanted[i])
			pyramid[i] = layerBlocks_[i](inner);
	}
	return pyramid;
}

at::Tensor FeaturePyramidNetwork::pool(const at::Tensor &coarsest)
{
	return at::max_pool2d(coarsest, { 1, 1 }, { 2, 2 });
}

} /* namespace fm */
