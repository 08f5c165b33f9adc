/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cudagraphs.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>

#include <ATen/Context.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "tensormaps.h"
#include "torchscope.h"

namespace fm {

namespace {

constexpr std::size_t graphsKept = 8;

/* LibTorch's settings of how to convolve belong to the whole process. */
class ConvolutionScope
{
public:
	explicit ConvolutionScope(bool allowTf32)
		: lock_(mutex), benchmark_(at::globalContext().benchmarkCuDNN()),
		  tf32_(at::globalContext().allowTF32CuDNN()),
		  matrixTf32_(at::globalContext().allowTF32CuBLAS())
	{
		set(true, allowTf32, allowTf32);
	}
	~ConvolutionScope() { set(benchmark_, tf32_, matrixTf32_); }
	ConvolutionScope(const ConvolutionScope &) = delete;
	ConvolutionScope &operator=(const ConvolutionScope &) = delete;

private:
	static void set(bool benchmark, bool tf32, bool matrixTf32)
	{
		at::globalContext().setBenchmarkCuDNN(benchmark);
		at::globalContext().setAllowTF32CuDNN(tf32);
		at::globalContext().setAllowTF32CuBLAS(matrixTf32);
	}

	static inline std::mutex mutex;
	std::lock_guard<std::mutex> lock_;
	bool benchmark_, tf32_, matrixTf32_;
};

/* cuDNN keeps what it has compiled with the thread that it did so for, and graphs need it: so one
 * thread for each device records all of them, as long as the process lives. */
WorkerThread &recorderOf(int device)
{
	static std::mutex mutex;
	static auto &recorders = *new std::map<int, WorkerThread>; /* Never ended. */
	std::lock_guard lock(mutex);
	return recorders[device];
}

} /* namespace */

CudaGraphs::CudaGraphs(Model &model)
	: model_(model), device_(*model.device.cuda), recorder_(recorderOf(model.device.index))
{
	const TorchScope scope(&device_);
	parameters_ = deviceBytes(device_, sizeof(Parameters));
	const auto samples = SampleTable::of(model.preprocess);
	samples_ = { hostBytes(device_, sizeof(samples)), deviceBytes(device_, sizeof(samples)) };
	std::memcpy(samples_.onHost.mutable_data_ptr(), &samples, sizeof(samples));
	device_.copy(samples_.onDevice.mutable_data_ptr(), samples_.onHost.const_data_ptr(),
	             sizeof(samples), Lane::Compute);
}

/* The network's input of the frame that onDevice() tells of. */
at::Tensor CudaGraphs::input(const InputShape &shape)
{
	const Backbone &backbone = *model_.backbone;
	at::Tensor input =
		at::empty(backbone.imageShape(shape.padded),
	                  backbone.options().memory_format(at::MemoryFormat::ChannelsLast));
	device_.networkInput(
		&onDevice()->input, shape,
		reinterpret_cast<const SampleTable *>(samples_.onDevice.const_data_ptr<uint8_t>()),
		elementType(model_.type), static_cast<int>(input.size(1)),
		input.mutable_data_ptr());
	return input;
}

/* What the graph gives to the device, now or as it is recorded. */
void CudaGraphs::give(Graph &graph)
{
	graph.input = input(graph.key.input);
	graph.features = model_.backbone->forward(graph.input, graph.key.demand);
	for (LevelMaps &level : graph.features)
		if (level.maps.defined())
			level.maps = level.maps.contiguous(at::MemoryFormat::ChannelsLast);

	for (std::size_t i = 0; i < graph.key.views.size(); ++i) {
		const GraphKey::View &view = graph.key.views[i];
		if (view.level < 0 || !view.isDrawn)
			continue;
		const DeviceMaps maps = deviceMaps(graph.features[view.level].maps);
		device_.ranges(maps, pictureOnDevice(i), view.tiles, view.quantiles);
		device_.picture(maps, pictureOnDevice(i), view.output);
	}
}

std::shared_ptr<Graph> CudaGraphs::get(GraphKey key)
{
	/* Tensor cores take channels of 16 bits by eights; other numbers are slower, or refused. */
	if (model_.type != at::kFloat)
		for (std::size_t i = 0; i < key.demand.size(); ++i)
			key.demand[i] =
				key.demand[i].filledUp(8, model_.backbone->levels()[i].channels);
	const auto found = std::ranges::find_if(
		graphs_, [&](const auto &candidate) { return candidate->key == key; });
	if (found != graphs_.end()) {
		graphs_.splice(graphs_.begin(), graphs_, found);
		return graphs_.front();
	}

	++made_;
	graphs_.push_front(recorder_.call([&] { return record(key); }));
	if (graphs_.size() > graphsKept)
		graphs_.pop_back();
	return graphs_.front();
}

std::shared_ptr<Graph> CudaGraphs::record(const GraphKey &key)
{
	const TorchScope scope(&device_);
	const ConvolutionScope convolution(model_.allowsTf32);
	Backbone &backbone = *model_.backbone;
	auto graph = std::make_shared<Graph>();
	graph->key = key;
	graph->prepared = backbone.prepare(key.demand, key.input.padded);
	if (model_.device.tensors().is_cuda()) {
		/* cuDNN tries its ways of convolving, which cannot be recorded. */
		const at::Tensor image =
			at::zeros(backbone.imageShape(key.input.padded), backbone.options())
				.contiguous(at::MemoryFormat::ChannelsLast);
		backbone.forward(image, key.demand);
		/* What it tried them with. */
		device_.releaseUnusedMemory();
	}
	if (backbone.canBeRecorded())
		graph->recorded = device_.capture([this, made = graph.get()] { give(*made); });
	return graph;
}

void CudaGraphs::launch(Graph &graph)
{
	if (graph.recorded) {
		graph.recorded->launch();
		return;
	}
	recorder_.call([&] {
		const TorchScope scope(&device_);
		const ConvolutionScope convolution(model_.allowsTf32);
		give(graph);
	});
}

void CudaGraphs::withFeatures(const InputShape &shape, const Demand &demand,
                              const std::function<void(const Features &)> &body)
{
	recorder_.call([&] {
		const TorchScope scope(&device_);
		const ConvolutionScope convolution(model_.allowsTf32);
		body(model_.backbone->forward(input(shape), demand));
	});
}

} /* namespace fm */
