/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>
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

/** \brief Convolutions made ready, as long as plans have them; for any thread */
class ReadyConvolutions
{
public:
	/** \brief Node, channels out, width and height of what goes in */
	using Key = std::tuple<int, ChannelSet, int, int>;

	/** \brief The one that some plan has, else what \a make gives */
	std::shared_ptr<const Convolution>
	get(const Key &key, const std::function<std::shared_ptr<const Convolution>()> &make);

private:
	std::mutex
		mutex_; /* Protects known_; held while one is made, so that none is made twice. */
	std::map<Key, std::weak_ptr<const Convolution>> known_;
};

/** \brief A network with its parameters, which several backbones may share */
struct TrainedNetwork {
	Network network;
	at::TensorOptions options;                     /**< Device and type to compute in */
	int imageChannels = 3;                         /**< Those beyond the third are ignored */
	std::vector<ConvolutionParameters> parameters; /**< By node */
	/** \brief With the weights in oneDNN's layouts, which take as much memory again */
	std::shared_ptr<ReadyConvolutions> ready = std::make_shared<ReadyConvolutions>();

	/**
	 * \brief The network of \a architecture with its parameters in \a parameters
	 *
	 * Its images are red, green and blue, with channels beyond those where \a imageChannels
	 * are more; with \a takesBgr the weights are for blue, green and red.
	 */
	static TrainedNetwork load(const Architecture &architecture, StateDict &parameters,
	                           double bnEpsilon, at::TensorOptions options, int imageChannels,
	                           bool takesBgr);
};

/** \brief Gives the feature maps of an image: a network that is known as data, or a module that is
 * not */
class Backbone
{
public:
	virtual ~Backbone() = default;

	/** \brief From the finest to the deepest */
	virtual const std::vector<Level> &levels() const = 0;
	/** \brief Index of the one that is shown where none is chosen */
	virtual int defaultLevel() const = 0;
	/** \brief Device and type of images and maps */
	virtual const at::TensorOptions &options() const = 0;
	/** \brief Of an image; those beyond the third are ignored */
	virtual int imageChannels() const { return 3; }
	/** \brief Of an image of \a size pixels, [1, C, H, W] */
	std::vector<int64_t> imageShape(Size size) const
	{
		return { 1, imageChannels(), size.height, size.width };
	}

	/** \brief What forward() gives for a demand and a size, with what it needs for that */
	struct Prepared {
		struct Maps {
			ChannelSet channels; /**< Those asked for or more */
			Size size;
		};

		virtual ~Prepared() = default;

		std::vector<Maps> levels; /**< Where not asked for, with no channels */
	};

	/** \brief Makes ready for forward(); what it returns stays so while somebody has it */
	virtual std::shared_ptr<const Prepared> prepare(const Demand &demand, Size image) = 0;

	/**
	 * \brief Maps for \a demand of \a image, of the shape imageShape(), channels last
	 *
	 * The first call with a demand and a size prepares for them. The last few of one size are
	 * kept.
	 */
	virtual Features forward(const at::Tensor &image, const Demand &demand) = 0;

	/** \brief How often it had to prepare so far */
	virtual int preparations() const = 0;

	/** \brief Whether forward() gives the device work and nothing else, as a CUDA graph wants
	 */
	virtual bool canBeRecorded() const { return true; }
};

/** \brief Computes what a demand needs of a network, and no more */
class PlannedBackbone : public Backbone
{
public:
	explicit PlannedBackbone(std::shared_ptr<const TrainedNetwork> trained);
	~PlannedBackbone() override;

	const Network &network() const { return trained_->network; }
	const std::vector<Level> &levels() const override { return network().levels; }
	int defaultLevel() const override { return network().defaultLevel; }
	const at::TensorOptions &options() const override { return trained_->options; }
	int imageChannels() const override { return trained_->imageChannels; }

	/** \brief Slices weights, and lays them out for the convolutions */
	std::shared_ptr<const Prepared> prepare(const Demand &demand, Size image) override;
	Features forward(const at::Tensor &image, const Demand &demand) override;
	int preparations() const override { return preparations_; }

private:
	struct PreparedPlan;

	std::shared_ptr<const PreparedPlan> preparedPlan(const Demand &demand, Size image);

	using Values = std::vector<LevelMaps>; /* By node. */

	at::Tensor compute(const PreparedPlan &prepared, std::size_t index, const at::Tensor &image,
	                   const Values &values) const;
	std::shared_ptr<const Convolution> convolution(const Plan &plan, const Step &step,
	                                               const std::vector<Size> &sizes);

	std::shared_ptr<const TrainedNetwork> trained_;
	/* On a CUDA device its own: there they are the parameters themselves but for slices, which
	 * are in the order of a stream, and they change with their first calls. */
	std::shared_ptr<ReadyConvolutions> ready_;
	std::list<std::shared_ptr<const PreparedPlan>> recent_; /* The last used first. */
	int preparations_ = 0;
};

} /* namespace fm */
