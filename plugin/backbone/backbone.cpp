/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "backbone.h"

#include <algorithm>

#include <ATen/ops/empty.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/upsample_nearest2d.h>

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

LevelMaps LevelMaps::select(const ChannelSet &wanted) const
{
	if (channels == wanted)
		return *this;
	std::vector<int64_t> places;
	for (const int channel : wanted.list())
		places.push_back(channels.position(channel));
	if (maps.device().is_cpu())
		return { gatherOnHost(maps, places), wanted };
	const at::Tensor index =
		at::tensor(places, at::TensorOptions(maps.device()).dtype(at::kLong));
	return { maps.index_select(1, index).contiguous(at::MemoryFormat::ChannelsLast), wanted };
}

struct Backbone::PreparedPlan {
	Demand demand;
	Plan plan;
	std::vector<std::shared_ptr<const Convolution>> convolutions; /* By step; null for pools. */
};

Backbone::Backbone(Network network, StateDict &parameters, at::TensorOptions options,
                   double bnEpsilon)
	: network_(std::move(network)), options_(options)
{
	for (const Node &node : network_.nodes)
		parameters_.push_back(
			node.kind == Node::Kind::Convolution
				? ConvolutionParameters::load(parameters, node, bnEpsilon, options)
				: ConvolutionParameters());
}

Backbone::~Backbone() = default;

std::shared_ptr<const Convolution> Backbone::convolution(const Plan &plan, const Step &step,
                                                         const std::vector<Size> &sizes)
{
	const Node &node = network_.nodes[step.node];
	if (node.kind != Node::Kind::Convolution)
		return nullptr;
	const Size in = node.input == Node::image ? plan.image : sizes[node.input];
	auto &known = convolutions_[{ step.node, step.channels, in.width, in.height }];
	std::shared_ptr<const Convolution> result = known.lock();
	if (!result) {
		result = std::make_shared<const Convolution>(
			node, parameters_[step.node].slice(step.channels),
			at::IntArrayRef{ 1, node.shape.in, in.height, in.width });
		known = result;
	}
	return result;
}

const Backbone::PreparedPlan &Backbone::prepared(const Demand &demand, Size image)
{
	const auto found = std::ranges::find_if(recent_, [&](const PreparedPlan &candidate) {
		return candidate.plan.image == image && candidate.demand == demand;
	});
	if (found != recent_.end()) {
		recent_.splice(recent_.begin(), recent_, found);
		return recent_.front();
	}

	/* Weights laid out for another size are as large as the network. */
	std::erase_if(recent_, [&](const PreparedPlan &old) { return old.plan.image != image; });
	releaseTensorMemory(); /* Its results are of other sizes. */
	++plansMade_;
	PreparedPlan made = { demand, Plan::of(network_, demand, image), {} };
	std::vector<Size> sizes(network_.nodes.size());
	for (const Step &step : made.plan.steps) {
		sizes[step.node] = step.size;
		made.convolutions.push_back(convolution(made.plan, step, sizes));
	}
	recent_.push_front(std::move(made));
	if (recent_.size() > plansKept)
		recent_.pop_back();
	std::erase_if(convolutions_, [](const auto &entry) { return entry.second.expired(); });
	return recent_.front();
}

Features Backbone::forward(const at::Tensor &image, const Demand &demand)
{
	const Size size = { static_cast<int>(image.size(3)), static_cast<int>(image.size(2)) };
	const PreparedPlan &prepared = this->prepared(demand, size);
	const TensorMemoryScope memory; /* For what the plan computes, not for its weights. */
	std::vector<LevelMaps> values(network_.nodes.size());

	for (std::size_t i = 0; i < prepared.plan.steps.size(); ++i) {
		const Step &step = prepared.plan.steps[i];
		const Node &node = network_.nodes[step.node];
		const at::Tensor &x = node.input == Node::image ? image : values[node.input].maps;
		at::Tensor &result = values[step.node].maps;
		values[step.node].channels = step.channels;

		if (node.kind == Node::Kind::MaxPool) {
			result = maxPool(values[node.input].select(step.channels).maps, node.shape);
		} else if (node.added == Node::nothing) {
			result = (*prepared.convolutions[i])(x);
		} else if (step.overwritesAdded) {
			result = values[node.added].maps;
			prepared.convolutions[i]->addTo(x, result);
		} else if (node.upsample) {
			result = at::upsample_nearest2d(values[node.added].maps,
			                                { step.size.height, step.size.width });
			prepared.convolutions[i]->addTo(x, result);
		} else {
			result = prepared.convolutions[i]->plus(
				x, values[node.added].select(step.channels).maps);
		}
		for (const int released : step.released)
			values[released].maps.reset();
	}

	Features features(demand.size());
	for (std::size_t level = 0; level < demand.size(); ++level)
		if (!demand[level].empty())
			features[level] = values[network_.levelNodes[level]];
	return features;
}

} /* namespace fm */
