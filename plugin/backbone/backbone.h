/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "convolution.h"
#include "kind.h"
#include "level.h"

namespace fm {

/** \brief Which of Backbone::levels() are to be computed, by their index */
using Demand = std::vector<bool>;

/** \brief Feature maps by index into Backbone::levels(), [1, C, h, w]; undefined where not asked
 * for */
using Features = std::vector<at::Tensor>;

/** \brief A network whose feature maps can be shown */
class Backbone
{
public:
	virtual ~Backbone() = default;

	/** \brief From the finest to the deepest, those of the body before those of the FPN */
	const std::vector<Level> &levels() const { return levels_; }

	/** \brief The finest FPN level, else the deepest level, as an index into levels() */
	virtual int defaultLevel() const = 0;

	/** \brief Computes no more than \a demand needs; \a image is [1, 3, H, W] */
	virtual Features forward(const at::Tensor &image, const Demand &demand) const = 0;

	/** \brief Builds the network of \a kind with the parameters that \a root gives */
	static std::unique_ptr<Backbone> make(BackboneKind kind, const Scope &root);

protected:
	explicit Backbone(std::vector<Level> levels) : levels_(std::move(levels)) {}

private:
	std::vector<Level> levels_;
};

} /* namespace fm */
