/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "backbone.h"

#include <algorithm>

#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/tensor.h>

#include "parallel.h"
#include "tensormaps.h"
#include "tensormemory.h"
#include "torchscope.h"

namespace fm {

namespace {

constexpr std::size_t plansKept = 8;
constexpr int pixelGrain = 2048; /* Pixels that are worth a thread. */

/* index_select() along a tensor's innermost dimension goes through all of it once for each channel.
 */
template<typename T>
void gatherChannels(const at::Tensor &from, const std::vector<int64_t> &places, at::Tensor &to)
{
	const auto *in = static_cast<const T *>(from.const_data_ptr());
	auto *out = static_cast<T *>(to.mutable_data_ptr());
	const int64_t channels = from.size(1);
	const auto count = static_cast<int64_t>(places.size());
	parallelFor(
		static_cast<int>(from.size(2) * from.size(3)), pixelGrain, [&](int begin, int end) {
			for (int64_t pixel = begin; pixel < end; ++pixel)
				for (int64_t k = 0; k < count; ++k)
					out[pixel * count + k] = in[pixel * channels + places[k]];
		});
}

at::Tensor gatherOnHost(const at::Tensor &maps, const std::vector<int64_t> &places)
{
	at::Tensor result =
		at::empty({ 1, static_cast<int64_t>(places.size()), maps.size(2), maps.size(3) },
	                  maps.options().memory_format(at::MemoryFormat::ChannelsLast));
	const at::Tensor source = maps.contiguous(at::MemoryFormat::ChannelsLast);
	if (maps.element_size() == sizeof(uint32_t))
		gatherChannels<uint32_t>(source, places, result);
	else
		gatherChannels<uint16_t>(source, places, result);
	return result;
}

at::Tensor maxPool(const at::Tensor &x, const WindowShape &shape)
{
	CudaDevice *device = TorchScope::device();
	if (device && x.is_contiguous(at::MemoryFormat::ChannelsLast)) {
		const Size size = { shape.outputSize(static_cast<int>(x.size(3))),
			            shape.outputSize(static_cast<int>(x.size(2))) };
		at::Tensor result =
			at::empty({ 1, x.size(1), size.height, size.width },
		                  x.options().memory_format(at::MemoryFormat::ChannelsLast));
		device->maxPool(deviceMaps(x), result.mutable_data_ptr(), size,
		                { shape.kernel, shape.stride, shape.padding() });
		return result;
	}
	return at::max_pool2d(x, { shape.kernel, shape.kernel }, { shape.stride, shape.stride },
	                      { shape.padding(), shape.padding() });
}

} /* namespace */

ChannelGather ChannelGather::of(const ChannelSet &held, const ChannelSet &wanted,
                                c10::Device device)
{
	ChannelGather gather;
	for (const int channel : wanted.list())
		gather.places.push_back(held.position(channel));
	if (!device.is_cpu())
		gather.onDevice =
			at::tensor(gather.places, at::TensorOptions(device).dtype(at::kLong));
	return gather;
}

at::Tensor ChannelGather::operator()(const at::Tensor &maps) const
{
	if (!onDevice.defined())
		return gatherOnHost(maps, places);
	return maps.index_select(1, onDevice).contiguous(at::MemoryFormat::ChannelsLast);
}

LevelMaps LevelMaps::select(const ChannelSet &wanted) const
{
	if (channels == wanted)
		return *this;
	return { ChannelGather::of(channels, wanted, maps.device())(maps), wanted };
}

std::shared_ptr<const Convolution>
ReadyConvolutions::get(const Key &key,
                       const std::function<std::shared_ptr<const Convolution>()> &make)
{
	const std::lock_guard lock(mutex_);
	const auto found = known_.find(key);
	std::shared_ptr<const Convolution> result =
		found == known_.end() ? nullptr : found->second.lock();
	if (!result) {
		std::erase_if(known_, [](const auto &entry) { return entry.second.expired(); });
		result = make();
		known_[key] = result;
	}
	return result;
}

TrainedNetwork TrainedNetwork::load(const Architecture &architecture, StateDict &parameters,
                                    double bnEpsilon, at::TensorOptions options, int imageChannels,
                                    bool takesBgr)
{
	TrainedNetwork trained = { Network::of(architecture), options, imageChannels, {} };
	const auto parametersOf = [&](const Node &node) -> ConvolutionParameters {
		if (node.kind != Node::Kind::Convolution)
			return {};
		ConvolutionParameters::Input input;
		if (node.input == Node::image)
			input = { imageChannels - node.shape.in, takesBgr };
		return ConvolutionParameters::load(parameters, node, bnEpsilon, options, input);
	};
	for (const Node &node : trained.network.nodes)
		trained.parameters.push_back(parametersOf(node));
	return trained;
}

struct PlannedBackbone::PreparedPlan : Prepared {
	/* What a step needs that can be made beforehand. */
	struct Ready {
		std::shared_ptr<const Convolution> convolution; /* Null for what is none. */
		/* By source: those that it takes by channel, and that have more of them. */
		std::map<int, ChannelGather> gathers;
	};

	Demand demand;
	Plan plan;
	std::vector<Ready> ready; /* By step. */
};

PlannedBackbone::PlannedBackbone(std::shared_ptr<const TrainedNetwork> trained)
	: trained_(std::move(trained)),
	  ready_(trained_->options.device().is_cpu() ? trained_->ready
                                                     : std::make_shared<ReadyConvolutions>())
{
}

PlannedBackbone::~PlannedBackbone() = default;

std::shared_ptr<const Convolution> PlannedBackbone::convolution(const Plan &plan, const Step &step,
                                                                const std::vector<Size> &sizes)
{
	const Node &node = network().nodes[step.node];
	if (node.kind != Node::Kind::Convolution)
		return nullptr;
	const Size in = node.input == Node::image ? plan.image : sizes[node.input];
	return ready_->get({ step.node, step.channels, in.width, in.height }, [&] {
		return std::make_shared<const Convolution>(
			node, trained_->parameters[step.node].slice(step.channels),
			at::IntArrayRef{ 1, node.shape.in, in.height, in.width });
	});
}

std::shared_ptr<const PlannedBackbone::PreparedPlan>
PlannedBackbone::preparedPlan(const Demand &demand, Size image)
{
	const auto found = std::ranges::find_if(recent_, [&](const auto &candidate) {
		return candidate->plan.image == image && candidate->demand == demand;
	});
	if (found != recent_.end()) {
		recent_.splice(recent_.begin(), recent_, found);
		return recent_.front();
	}

	/* Weights laid out for another size are as large as the network. */
	const auto resized =
		std::erase_if(recent_, [&](const auto &old) { return old->plan.image != image; });
	/* Its results are of other sizes. */
	if (resized > 0 || !TensorMemoryUser::hasOthers())
		releaseTensorMemory();
	++preparations_;
	PreparedPlan made;
	made.demand = demand;
	made.plan = Plan::of(network(), demand, image);
	std::vector<Size> sizes(network().nodes.size());
	std::vector<ChannelSet> channels(network().nodes.size());
	for (const Step &step : made.plan.steps) {
		const Node &node = network().nodes[step.node];
		sizes[step.node] = step.size;
		channels[step.node] = step.channels;
		made.ready.push_back({ convolution(made.plan, step, sizes), {} });
		for (const int source : node.sources())
			if (node.takesByChannel(source) && channels[source] != step.channels)
				made.ready.back().gathers.emplace(
					source, ChannelGather::of(channels[source], step.channels,
				                                  options().device()));
	}
	for (std::size_t level = 0; level < demand.size(); ++level) {
		const int node = network().levelNodes[level];
		made.levels.push_back(demand[level].empty()
		                              ? Prepared::Maps()
		                              : Prepared::Maps{ channels[node], sizes[node] });
	}
	recent_.push_front(std::make_shared<const PreparedPlan>(std::move(made)));
	if (recent_.size() > plansKept)
		recent_.pop_back();
	return recent_.front();
}

std::shared_ptr<const Backbone::Prepared> PlannedBackbone::prepare(const Demand &demand, Size image)
{
	return preparedPlan(demand, image);
}

at::Tensor PlannedBackbone::compute(const PreparedPlan &prepared, std::size_t index,
                                    const at::Tensor &image, const Values &values) const
{
	const Step &step = prepared.plan.steps[index];
	const Node &node = network().nodes[step.node];
	const auto &[convolution, gathers] = prepared.ready[index];
	const auto taken = [&](int source) {
		const at::Tensor &maps = source == Node::image ? image : values[source].maps;
		const auto gather = gathers.find(source);
		return gather == gathers.end() ? maps : gather->second(maps);
	};
	const bool isInPlace = step.overwrites != Node::nothing;
	at::Tensor x = taken(node.input);

	switch (node.kind) {
	case Node::Kind::MaxPool:
		return maxPool(x, node.shape);
	case Node::Kind::AveragePool:
		return at::adaptive_avg_pool2d(x, { 1, 1 });
	case Node::Kind::Scale:
		return isInPlace ? x.mul_(taken(node.factor)) : x.mul(taken(node.factor));
	case Node::Kind::Activation:
		x = isInPlace ? x : x.clone();
		return activate(x, node.activation);
	case Node::Kind::Convolution:
		break;
	}
	if (node.added == Node::nothing)
		return (*convolution)(x);
	at::Tensor other = taken(node.added);
	if (node.upsample)
		return convolution->plusUpsampled(x, other);
	if (!isInPlace)
		return convolution->plus(x, other);
	convolution->addTo(x, other);
	return other;
}

Features PlannedBackbone::forward(const at::Tensor &image, const Demand &demand)
{
	const Size size = { static_cast<int>(image.size(3)), static_cast<int>(image.size(2)) };
	const auto prepared = preparedPlan(demand, size);
	const TensorMemoryScope memory; /* For what the plan computes, not for its weights. */
	Values values(network().nodes.size());

	for (std::size_t i = 0; i < prepared->plan.steps.size(); ++i) {
		const Step &step = prepared->plan.steps[i];
		values[step.node] = { compute(*prepared, i, image, values), step.channels };
		for (const int released : step.released)
			values[released].maps.reset();
	}

	Features features(demand.size());
	for (std::size_t level = 0; level < demand.size(); ++level)
		if (!demand[level].empty())
			features[level] = values[network().levelNodes[level]];
	return features;
}

} /* namespace fm */
