/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vector>

#include "convolution.h"

namespace fm {

/** \brief torchvision.ops.FeaturePyramidNetwork with LastLevelMaxPool */
class FeaturePyramidNetwork
{
public:
	static constexpr int channels = 256;

	/** \brief \a in: channels of the body's maps, finest first */
	FeaturePyramidNetwork(const Scope &scope, const std::vector<int> &in);

	/**
	 * \brief The pyramid's maps, in the order of \a features; only where \a wanted
	 *
	 * Lateral 1x1 convolutions, from the top down the sum with the coarser map (nearest
	 * neighbour), then a 3x3 convolution on each sum.
	 */
	std::vector<at::Tensor> operator()(const std::vector<at::Tensor> &features,
	                                   const std::vector<bool> &wanted) const;

	/** \brief LastLevelMaxPool: every second value of every second row of the coarsest map */
	static at::Tensor pool(const at::Tensor &coarsest);

private:
	std::vector<Convolution> innerBlocks_;
	std::vector<Convolution> layerBlocks_;
};

} /* namespace fm */
