/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "backbone.h"

#include <algorithm>
#include <optional>

#include <ATen/ops/empty.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/tensor.h>

#include "parallel.h"
#include "tensormemory.h"

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

TrainedNetwork TrainedNetwork::load(Network network, StateDict &parameters, double bnEpsilon,
                                    at::TensorOptions options, int imageChannels)
{
	TrainedNetwork trained = { std::move(network), options, imageChannels, {} };
	for (const Node &node : trained.network.nodes)
		trained.parameters.push_back(
			node.kind == Node::Kind::Convolution
				? ConvolutionParameters::load(
					  parameters, node, bnEpsilon, options,
					  node.input == Node::image ? imageChannels : node.shape.in)
				: ConvolutionParameters());
	return trained;
}

struct PlannedBackbone::PreparedPlan : Prepared {
	/* What a step needs that can be made beforehand. */
	struct Ready {
		std::shared_ptr<const Convolution> convolution; /* Null for pools. */
		/* Of what a sum or a pool takes from, where it has more channels. */
		std::optional<ChannelGather> gather;
	};

	Demand demand;
	Plan plan;
	std::vector<Ready> ready; /* By step. */
};

PlannedBackbone::PlannedBackbone(std::shared_ptr<const TrainedNetwork> trained)
	: trained_(std::move(trained))
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
	auto &known = convolutions_[{ step.node, step.channels, in.width, in.height }];
	std::shared_ptr<const Convolution> result = known.lock();
	if (!result) {
		result = std::make_shared<const Convolution>(
			node, trained_->parameters[step.node].slice(step.channels),
			at::IntArrayRef{ 1, node.shape.in, in.height, in.width });
		known = result;
	}
	return result;
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
	std::erase_if(recent_, [&](const auto &old) { return old->plan.image != image; });
	releaseTensorMemory(); /* Its results are of other sizes. */
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
		const int source = node.kind == Node::Kind::MaxPool ? node.input : node.added;
		if (source >= 0 && channels[source] != step.channels)
			made.ready.back().gather = ChannelGather::of(
				channels[source], step.channels, options().device());
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
	std::erase_if(convolutions_, [](const auto &entry) { return entry.second.expired(); });
	return recent_.front();
}

std::shared_ptr<const Backbone::Prepared> PlannedBackbone::prepare(const Demand &demand, Size image)
{
	return preparedPlan(demand, image);
}

Features PlannedBackbone::forward(const at::Tensor &image, const Demand &demand)
{
	const Size size = { static_cast<int>(image.size(3)), static_cast<int>(image.size(2)) };
	const auto prepared = preparedPlan(demand, size);
	const TensorMemoryScope memory; /* For what the plan computes, not for its weights. */
	std::vector<LevelMaps> values(network().nodes.size());

	for (std::size_t i = 0; i < prepared->plan.steps.size(); ++i) {
		const Step &step = prepared->plan.steps[i];
		const Node &node = network().nodes[step.node];
		const auto &[convolution, gather] = prepared->ready[i];
		const auto gathered = [&](int source) {
			const at::Tensor &maps = values[source].maps;
			return gather ? (*gather)(maps) : maps;
		};
		const at::Tensor &x = node.input == Node::image ? image : values[node.input].maps;
		at::Tensor &result = values[step.node].maps;
		values[step.node].channels = step.channels;

		if (node.kind == Node::Kind::MaxPool) {
			result = maxPool(gathered(node.input), node.shape);
		} else if (node.added == Node::nothing) {
			result = (*convolution)(x);
		} else if (step.overwritesAdded) {
			result = values[node.added].maps;
			convolution->addTo(x, result);
		} else if (node.upsample) {
			result = convolution->plusUpsampled(x, gathered(node.added));
		} else {
			result = convolution->plus(x, gathered(node.added));
		}
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
