/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <compare>

#include "kind.h"

namespace fm {

/** \brief In what feature pyramid networks differ; without changes that of Faster R-CNN */
struct FpnShape {
	/** \brief What follows its coarsest level */
	enum class Extra {
		Pool, /**< Every second value of every second row */
		P6P7, /**< RetinaNet's two convolutions of stride 2 */
	};

	int finest = 2;     /**< Its first level: 2, or 3 for RetinaNet. MobileNets begin with p4 */
	int channels = 256; /**< Of each of its levels */
	bool norms = false; /**< Batch norm behind each of its convolutions, instead of a bias */
	Extra extra = Extra::Pool;
	bool p6FromBody = false;  /**< P6 takes from c5 (RetinaNet v2, detectron2), not from p5 */
	bool reluBeforeP7 = true; /**< mmdetection has none */

	auto operator<=>(const FpnShape &) const = default;
};

/** \brief How a network is built: its kind, and what a checkpoint may have otherwise */
struct Architecture {
	BackboneKind kind;
	/** \brief Bottlenecks have their stride in the first convolution, as in Caffe, not in the
	 * 3x3
	 */
	bool strideIn1x1 = false;
	FpnShape fpn = {};

	/* Most need no more than their kind. */
	Architecture(BackboneKind kind, bool strideIn1x1 = false, FpnShape fpn = {})
		: kind(kind), strideIn1x1(strideIn1x1), fpn(fpn)
	{
	}

	auto operator<=>(const Architecture &) const = default;
};

} /* namespace fm */
