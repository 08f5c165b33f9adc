/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <list>
#include <map>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "convolution.h"
#include "network.h"
#include "plan.h"

namespace fm {

/** \brief Computed maps of one level */
struct LevelMaps {
	at::Tensor maps; /**< [1, n, h, w], channels last; undefined where not asked for */
	ChannelSet
		channels; /**< The n channels that they are, ascending: those asked for or more */

	/** \brief Those of \a wanted alone */
	LevelMaps select(const ChannelSet &wanted) const;
};

/** \brief By index into Network::levels */
using Features = std::vector<LevelMaps>;

/** \brief A network with its parameters: computes what a demand needs of it, and no more */
class Backbone
{
public:
	/** \brief Takes the parameters of \a network; \a options are the device and type to compute
	 * in */
	Backbone(Network network, StateDict &parameters, at::TensorOptions options,
	         double bnEpsilon);
	~Backbone();

	const Network &network() const { return network_; }
	const std::vector<Level> &levels() const { return network_.levels; }
	const at::TensorOptions &options() const { return options_; }

	/**
	 * \brief Runs the plan for \a demand on \a image, [1, 3, H, W], channels last
	 *
	 * The first call with a demand and a size prepares their plan: it slices weights and lays
	 * them out for the convolutions. The last few of one size are kept.
	 */
	Features forward(const at::Tensor &image, const Demand &demand);

	/** \brief How many plans have been prepared so far */
	int plansMade() const { return plansMade_; }

private:
	struct PreparedPlan;

	const PreparedPlan &prepared(const Demand &demand, Size image);
	std::shared_ptr<const Convolution> convolution(const Plan &plan, const Step &step,
	                                               const std::vector<Size> &sizes);

	Network network_;
	at::TensorOptions options_;
	std::vector<ConvolutionParameters> parameters_; /* By node. */

	std::list<PreparedPlan> recent_; /* The last used first. */
	int plansMade_ = 0;
	/* Those that the recent plans use, by node, channels and size of the input. */
	std::map<std::tuple<int, ChannelSet, int, int>, std::weak_ptr<const Convolution>>
		convolutions_;
};

} /* namespace fm */
