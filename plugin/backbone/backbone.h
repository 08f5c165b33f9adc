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

/** \brief Some of the channels of maps, by their places */
struct ChannelGather {
	std::vector<int64_t> places;
	at::Tensor onDevice; /**< The same, where the maps are not on the CPU */

	static ChannelGather of(const ChannelSet &held, const ChannelSet &wanted,
	                        c10::Device device);
	/** \brief [1, C, H, W] to [1, n, H, W], channels last */
	at::Tensor operator()(const at::Tensor &maps) const;
};

/** \brief By index into Network::levels */
using Features = std::vector<LevelMaps>;

/** \brief A network with its parameters, which several backbones may share */
struct TrainedNetwork {
	Network network;
	at::TensorOptions options;                     /**< Device and type to compute in */
	int imageChannels = 3;                         /**< Those beyond the third are ignored */
	std::vector<ConvolutionParameters> parameters; /**< By node */

	/** \brief With the parameters of \a network in \a parameters */
	static TrainedNetwork load(Network network, StateDict &parameters, double bnEpsilon,
	                           at::TensorOptions options, int imageChannels);
};

/** \brief Computes what a demand needs of a network, and no more */
class Backbone
{
public:
	explicit Backbone(std::shared_ptr<const TrainedNetwork> trained);
	~Backbone();

	const Network &network() const { return trained_->network; }
	const std::vector<Level> &levels() const { return trained_->network.levels; }
	const at::TensorOptions &options() const { return trained_->options; }
	/** \brief Of an image of \a size pixels, [1, C, H, W] */
	std::vector<int64_t> imageShape(Size size) const
	{
		return { 1, trained_->imageChannels, size.height, size.width };
	}

	/** \brief A plan with what it needs laid out for it; it stays ready while somebody has it
	 */
	struct PreparedPlan;
	std::shared_ptr<const PreparedPlan> prepare(const Demand &demand, Size image);
	static const Plan &planOf(const PreparedPlan &prepared);

	/**
	 * \brief Runs the plan for \a demand on \a image, of the shape imageShape(), channels last
	 *
	 * The first call with a demand and a size prepares their plan: it slices weights and lays
	 * them out for the convolutions. The last few of one size are kept.
	 */
	Features forward(const at::Tensor &image, const Demand &demand);

	/** \brief How many plans have been prepared so far */
	int plansMade() const { return plansMade_; }

private:
	std::shared_ptr<const Convolution> convolution(const Plan &plan, const Step &step,
	                                               const std::vector<Size> &sizes);

	std::shared_ptr<const TrainedNetwork> trained_;
	std::list<std::shared_ptr<const PreparedPlan>> recent_; /* The last used first. */
	int plansMade_ = 0;
	/* Those that the recent plans use, by node, channels and size of the input. */
	std::map<std::tuple<int, ChannelSet, int, int>, std::weak_ptr<const Convolution>>
		convolutions_;
};

} /* namespace fm */
