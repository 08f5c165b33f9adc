/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "visualizer.h"

#include <algorithm>
#include <future>
#include <numeric>

#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include "backbone/backbone.h"
#include "backbone/weights.h"
#include "device.h"
#include "error.h"
#include "frame/networkinput.h"
#include "parallel.h"
#include "tensormemory.h"
#include "view/draw.h"
#include "view/mosaic.h"

namespace fm {

namespace {

class Warnings : public c10::WarningHandler
{
public:
	void process(const c10::Warning &warning) override
	{
		if (handler)
			handler(warning.msg());
	}

	std::function<void(const std::string &)> handler;
};

Warnings warnings;

/* What holds on this thread while LibTorch is at work: GStreamer changes threads at will. */
struct TorchScope {
	explicit TorchScope(c10::Device device) : device(device) {}

	c10::InferenceMode inference;
	c10::WarningUtils::WarningHandlerGuard warning{ &warnings };
	c10::DeviceGuard device;
};

/* The one place where LibTorch's exceptions become ours. */
template<typename Body>
auto translateErrors(Body &&body)
{
	try {
		return body();
	} catch (const c10::OutOfMemoryError &error) {
		throw Error(Error::Kind::OutOfMemory,
		            "The device has not enough memory for the network",
		            error.what_without_backtrace());
	} catch (const c10::Error &error) {
		throw Error(Error::Kind::Internal, error.what_without_backtrace(), error.what());
	}
}

/* OpenMP keeps a team of threads for each thread that has had use of one, and where those are more
 * than there are processors, all of them go to sleep whenever they wait, which costs each layer its
 * waking up. So what is done beforehand is done by a thread that ends, and its team with it. */
template<typename Body>
auto onThreadOfItsOwn(Body &&body)
{
	return std::async(std::launch::async, [&] { return translateErrors(body); }).get();
}

Precision resolve(Precision precision, c10::Device device)
{
	if (precision != Precision::Auto)
		return precision;
	return device.is_cuda() ? Precision::Float16 : Precision::Float32;
}

c10::ScalarType scalarType(Precision precision)
{
	switch (precision) {
	case Precision::Float16:
		return at::kHalf;
	case Precision::BFloat16:
		return at::kBFloat16;
	default:
		return at::kFloat;
	}
}

const char *precisionName(Precision precision)
{
	constexpr const char *names[] = { "auto", "float32", "float16", "bfloat16" };
	return names[static_cast<int>(precision)];
}

/* \a maps is [1, n, h, w], float32 on the CPU. */
FeatureMaps viewOf(const at::Tensor &maps)
{
	return { maps.const_data_ptr<float>(),
		 static_cast<int>(maps.size(1)),
		 static_cast<int>(maps.size(2)),
		 static_cast<int>(maps.size(3)),
		 maps.stride(1),
		 maps.stride(2),
		 maps.stride(3) };
}

/* Of what has to be copied, no more than is \a wanted. */
LevelMaps onHost(const LevelMaps &maps, const ChannelSet &wanted)
{
	if (maps.maps.device().is_cpu() && maps.maps.scalar_type() == at::kFloat)
		return maps;
	const TensorMemoryScope memory;
	LevelMaps selected = maps.select(wanted);
	selected.maps = selected.maps.to(at::kCPU, at::kFloat);
	return selected;
}

} /* namespace */

struct ViewState::Data {
	Mosaic mosaic;
	LevelMaps maps; /* That the mosaic was last updated with, float32 on the CPU. */
	int level = -1; /* Of the maps. */
	ViewSettings settings;
	int cells = 0; /* Of the grid. */
};

ViewState::ViewState() : data_(std::make_unique<Data>()) {}

ViewState::~ViewState() = default;
ViewState::ViewState(ViewState &&) noexcept = default;
ViewState &ViewState::operator=(ViewState &&) noexcept = default;

struct FramePass::Data {
	explicit Data(const Frame &frame) : frame(frame) {}

	struct Drawing {
		at::Tensor maps; /* Keeps alive what the picture refers to. */
		MosaicPicture picture;
	};

	Frame frame;
	at::Tensor input; /* Of the network; undefined before convert(). */
	std::vector<Drawing> drawings;
};

FramePass::FramePass(const Frame &frame) : data_(std::make_unique<Data>(frame)) {}

FramePass::~FramePass() = default;
FramePass::FramePass(FramePass &&) noexcept = default;
FramePass &FramePass::operator=(FramePass &&) noexcept = default;

struct Visualizer::Model {
	explicit Model(const ModelSettings &settings);

	int levelIndex(const ViewSettings &settings) const;
	ChannelSet neededChannels(const ViewPass &view, bool mayRank) const;
	bool keepsMaps(const ViewPass &view, bool repeat) const;
	void warmUp(Size frame, std::span<const ViewPass> views);
	void convert(FramePass::Data &pass) const;
	bool run(FramePass::Data &pass, std::span<const ViewPass> views, bool repeat) const;
	void update(const ViewPass &view, bool fresh) const;
	FramePass::Data::Drawing drawing(const ViewPass &view) const;

	c10::Device device;
	Precision precision;
	PreprocessSettings preprocess;
	std::unique_ptr<Backbone> backbone;
	Size warm = {}; /* Size of the network's input that it is ready for. */
	ModelInfo info;
};

Visualizer::Model::Model(const ModelSettings &settings)
	: device(selectDevice(settings.device)), precision(resolve(settings.precision, device)),
	  preprocess(settings.preprocess)
{
	const TorchScope scope(device);
	/* Frames go on with what loading needs for a while. */
	const TensorMemoryScope memory;
	const auto options = at::TensorOptions(device).dtype(scalarType(precision));

	LoadedBackbone loaded =
		loadBackbone(settings.backbone, settings.weights, options, settings.bnEpsilon);
	backbone = std::move(loaded.backbone);
	info = { backboneName(settings.backbone),
		 device.str(),
		 precisionName(precision),
		 settings.weights,
		 backbone->levels(),
		 loaded.warning };
}

int Visualizer::Model::levelIndex(const ViewSettings &settings) const
{
	if (settings.level.empty())
		return backbone->network().defaultLevel;

	const auto &levels = backbone->levels();
	const auto found = std::ranges::find(levels, settings.level, &Level::name);
	if (found != levels.end())
		return static_cast<int>(found - levels.begin());

	std::string names;
	for (const Level &level : levels)
		names += (names.empty() ? "" : ", ") + level.name;
	throw Error(Error::Kind::BadSetting, "level '" + settings.level + "' does not exist in " +
	                                             info.backbone + ", which has " + names);
}

/* What the view shows next. */
ChannelSet Visualizer::Model::neededChannels(const ViewPass &view, bool mayRank) const
{
	const Level &level = backbone->levels()[levelIndex(view.settings)];
	return view.state.data_->mosaic.neededChannels(level, view.settings,
	                                               view.layout.grid.cells(), mayRank);
}

/* Whether the view goes on with the maps that it has. */
bool Visualizer::Model::keepsMaps(const ViewPass &view, bool repeat) const
{
	const ViewState::Data &state = *view.state.data_;
	if (!state.maps.maps.defined())
		return false;
	return view.settings.freeze || (repeat && levelIndex(view.settings) == state.level &&
	                                state.maps.channels.contains(neededChannels(view, false)));
}

/* A ranked selection goes on with other channels than its first frame needs, but as many. */
void Visualizer::Model::warmUp(Size frame, std::span<const ViewPass> views)
{
	const Size size = networkInputSize(frame, preprocess);
	if (size == warm)
		return;
	const TorchScope scope(device);
	const at::Tensor image = at::zeros({ 1, 3, size.height, size.width }, backbone->options())
	                                 .contiguous(at::MemoryFormat::ChannelsLast);

	Demand first(backbone->levels().size());
	Demand later(backbone->levels().size());
	for (const ViewPass &view : views) {
		const int level = levelIndex(view.settings);
		const int available = backbone->levels()[level].channels;
		const auto selection = ChannelSelection::parse(view.settings.channels);
		first[level] |= neededChannels(view, true);
		if (selection.isRanked()) {
			std::vector<int> some(
				std::min(view.layout.grid.cells(), selection.count(available)));
			std::iota(some.begin(), some.end(), 0);
			later[level] |= ChannelSet(some).of(available);
		} else {
			later[level] |= first[level];
		}
	}
	if (later != first)
		backbone->forward(image, later);
	backbone->forward(image, first);
	warm = size;
}

void Visualizer::Model::convert(FramePass::Data &pass) const
{
	const TorchScope scope(device);
	const TensorMemoryScope memory;
	const c10::ScalarType type = scalarType(precision);
	pass.input = networkInput(pass.frame, preprocess, type).to(device, type);
}

bool Visualizer::Model::run(FramePass::Data &pass, std::span<const ViewPass> views,
                            bool repeat) const
{
	const TorchScope scope(device);
	const int plansBefore = backbone->plansMade();
	Demand demand(backbone->levels().size());
	std::vector<bool> fresh;
	for (const ViewPass &view : views) {
		fresh.push_back(!keepsMaps(view, repeat));
		if (fresh.back())
			demand[levelIndex(view.settings)] |= neededChannels(view, !repeat);
	}

	Features features(demand.size());
	if (std::ranges::find(fresh, true) != fresh.end()) {
		if (!pass.input.defined())
			convert(pass);
		features = backbone->forward(pass.input, demand);
		for (std::size_t level = 0; level < demand.size(); ++level)
			if (features[level].maps.defined())
				features[level] = onHost(features[level], demand[level]);
	}
	pass.input.reset();

	for (std::size_t i = 0; i < views.size(); ++i) {
		if (fresh[i]) {
			ViewState::Data &state = *views[i].state.data_;
			state.level = levelIndex(views[i].settings);
			state.maps = features[state.level];
		}
		update(views[i], fresh[i]);
		pass.drawings.push_back(drawing(views[i]));
	}
	return backbone->plansMade() != plansBefore;
}

/* A frozen view is drawn as it was, but for its size. */
void Visualizer::Model::update(const ViewPass &view, bool fresh) const
{
	ViewState::Data &state = *view.state.data_;
	const int cells = view.layout.grid.cells();
	const bool held =
		view.settings.freeze || (state.settings == view.settings && state.cells == cells);
	if (!fresh && held)
		return;

	state.settings = view.settings;
	state.cells = cells;
	state.mosaic.update(backbone->levels()[state.level], viewOf(state.maps.maps),
	                    state.maps.channels, state.settings, cells);
}

FramePass::Data::Drawing Visualizer::Model::drawing(const ViewPass &view) const
{
	ViewState::Data &state = *view.state.data_;
	return { state.maps.maps,
		 state.mosaic.picture(viewOf(state.maps.maps), state.settings, view.layout) };
}

Visualizer::Visualizer(const ModelSettings &settings)
try : model_(onThreadOfItsOwn([&] { return std::make_unique<Model>(settings); })) {
} catch (...) {
	releaseTensorMemory();
	throw;
}

Visualizer::~Visualizer()
{
	model_.reset();
	releaseTensorMemory();
}

void Visualizer::checkDeviceName(const std::string &device)
{
	fm::checkDeviceName(device);
}

const ModelInfo &Visualizer::model() const
{
	return model_->info;
}

void Visualizer::check(const ViewSettings &settings) const
{
	const Level &level = model_->info.levels[model_->levelIndex(settings)];
	ChannelSelection::parse(settings.channels).check(level.name, level.channels);
}

Grid Visualizer::grid(const ViewSettings &settings) const
{
	check(settings);
	const Level &level = model_->info.levels[model_->levelIndex(settings)];
	return Grid::of(settings, ChannelSelection::parse(settings.channels).count(level.channels));
}

void Visualizer::warmUp(Size frame, std::span<const ViewPass> views)
{
	onThreadOfItsOwn([&] { model_->warmUp(frame, views); });
}

void Visualizer::convert(FramePass &pass, Threads threads) const
{
	const SerialScope serial(threads == Threads::One);
	translateErrors([&] { model_->convert(*pass.data_); });
}

bool Visualizer::run(FramePass &pass, std::span<const ViewPass> views, bool repeat)
{
	return translateErrors([&] { return model_->run(*pass.data_, views, repeat); });
}

void Visualizer::draw(const FramePass &pass, std::size_t index, const Frame &output,
                      Threads threads) const
{
	const SerialScope serial(threads == Threads::One);
	drawMosaic(pass.data_->drawings[index].picture, output);
}

void setWarningHandler(std::function<void(const std::string &)> handler)
{
	warnings.handler = std::move(handler);
}

} /* namespace fm */
