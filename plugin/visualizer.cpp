/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "visualizer.h"

#include <algorithm>

#include <ATen/core/Tensor.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include "backbone/backbone.h"
#include "backbone/weights.h"
#include "device.h"
#include "error.h"
#include "frame/networkinput.h"
#include "frame/output.h"
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

/* \a maps is [1, C, h, w], contiguous float32 on the CPU. */
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

} /* namespace */

struct ViewState::Data {
	Mosaic mosaic;
	Picture picture;
	at::Tensor maps; /* That the picture was drawn from, [1, C, h, w]. */
	int level = -1;  /* Of the maps. */
	ViewSettings settings;
};

ViewState::ViewState() : data_(std::make_unique<Data>()) {}

ViewState::~ViewState() = default;
ViewState::ViewState(ViewState &&) noexcept = default;
ViewState &ViewState::operator=(ViewState &&) noexcept = default;

struct Visualizer::Model {
	explicit Model(const ModelSettings &settings);

	int levelIndex(const ViewSettings &settings) const;
	bool keepsMaps(const ViewPass &view, bool repeat) const;
	void run(const Frame &frame, std::span<ViewPass> views, bool repeat);
	void draw(const ViewPass &view, bool fresh) const;

	c10::Device device;
	Precision precision;
	PreprocessSettings preprocess;
	std::unique_ptr<Backbone> backbone;
	ModelInfo info;
};

Visualizer::Model::Model(const ModelSettings &settings)
	: device(selectDevice(settings.device)), precision(resolve(settings.precision, device)),
	  preprocess(settings.preprocess)
{
	const TorchScope scope(device);
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
		return backbone->defaultLevel();

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

/* Whether the view goes on with the maps that it has. */
bool Visualizer::Model::keepsMaps(const ViewPass &view, bool repeat) const
{
	const ViewState::Data &state = *view.state.data_;
	if (!state.maps.defined())
		return false;
	return view.settings.freeze || (repeat && levelIndex(view.settings) == state.level);
}

void Visualizer::Model::run(const Frame &frame, std::span<ViewPass> views, bool repeat)
{
	const TorchScope scope(device);
	Demand demand(backbone->levels().size());
	for (const ViewPass &view : views)
		if (!keepsMaps(view, repeat))
			demand[levelIndex(view.settings)] = true;

	Features features;
	if (std::ranges::find(demand, true) != demand.end()) {
		const at::Tensor image = networkInput(frame, preprocess);
		features = backbone->forward(image.to(device, scalarType(precision)), demand);
		for (at::Tensor &maps : features)
			if (maps.defined())
				maps = maps.to(at::kCPU, at::kFloat).contiguous();
	}

	for (const ViewPass &view : views) {
		const bool fresh = !keepsMaps(view, repeat);
		if (fresh) {
			view.state.data_->level = levelIndex(view.settings);
			view.state.data_->maps = features[view.state.data_->level];
		}
		draw(view, fresh);
		writeFrame(view.state.data_->picture.view(), view.output);
	}
}

void Visualizer::Model::draw(const ViewPass &view, bool fresh) const
{
	ViewState::Data &state = *view.state.data_;
	const bool sameSize = state.picture.size() == view.layout.size;
	const bool held = view.settings.freeze || state.settings == view.settings;
	if (!fresh && sameSize && held)
		return;

	state.mosaic.draw(backbone->levels()[state.level], viewOf(state.maps), view.settings,
	                  view.layout, state.picture);
	state.settings = view.settings;
}

Visualizer::Visualizer(const ModelSettings &settings)
	: model_(translateErrors([&] { return std::make_unique<Model>(settings); }))
{
}

Visualizer::~Visualizer() = default;

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

void Visualizer::process(const Frame &frame, std::span<ViewPass> views, bool repeat)
{
	translateErrors([&] { model_->run(frame, views, repeat); });
}

void setWarningHandler(std::function<void(const std::string &)> handler)
{
	warnings.handler = std::move(handler);
}

} /* namespace fm */
