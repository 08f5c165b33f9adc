/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "visualizer.h"

#include <future>

#include "device.h"
#include "error.h"
#include "framepath.h"
#include "model.h"
#include "parallel.h"
#include "tensormemory.h"
#include "torchscope.h"
#include "view/channels.h"
#include "view/componentbasis.h"
#include "view/deviceview.h"

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

[[noreturn]] void throwOutOfMemory(const c10::Error &error)
{
	throw Error(Error::Kind::OutOfMemory,
	            "The device has not enough memory for the network; make its input smaller, or "
	            "take another device",
	            error.what_without_backtrace());
}

/* The one place where LibTorch's exceptions become ours. */
template<typename Body>
auto translateErrors(Body &&body)
{
	try {
		return body();
	} catch (const c10::OutOfMemoryError &error) {
		throwOutOfMemory(error);
	} catch (const c10::AcceleratorError &error) {
		constexpr int outOfMemory = 2; /* cudaErrorMemoryAllocation */
		if (error.get_error_code() == outOfMemory)
			throwOutOfMemory(error);
		throw Error(Error::Kind::NoDevice,
		            "The CUDA device has failed; start the process anew, or use device=cpu",
		            error.what_without_backtrace());
	} catch (const c10::Error &error) {
		throw Error(Error::Kind::Internal, error.what_without_backtrace(), error.what());
	}
}

bool usesFile(const ViewSettings &settings)
{
	return settings.view == View::Pca && settings.pcaBasis == PcaBasis::File;
}

/* With another model than it was read for, a level may have become another one. */
void checkBasis(const ComponentBasis *basis, const Level &level)
{
	if (!basis)
		throw Error(Error::Kind::BadSetting, "The basis of pca-file has not been read");
	const int64_t channels = basis->mean.size(0);
	if (basis->level != level.name || channels != level.channels)
		throw Error(Error::Kind::Mismatch,
		            "'" + basis->file + "' has a basis for a level " + basis->level +
		                    " with " + std::to_string(channels) +
		                    " channels, and not for " + level.name + " with " +
		                    std::to_string(level.channels));
}

/* OpenMP keeps a team of threads for each thread that has had use of one, and where those are more
 * than there are processors, all of them go to sleep whenever they wait, which costs each layer its
 * waking up. So what is done beforehand is done by a thread that ends, and its team with it. */
template<typename Body>
auto onThreadOfItsOwn(Body &&body)
{
	return std::async(std::launch::async, [&] { return translateErrors(body); }).get();
}

} /* namespace */

c10::WarningHandler *warningHandler()
{
	return &warnings;
}

ViewState::ViewState() = default;
ViewState::~ViewState() = default;
ViewState::ViewState(ViewState &&) noexcept = default;
ViewState &ViewState::operator=(ViewState &&) noexcept = default;

FramePass::FramePass(std::unique_ptr<Data> data) : data_(std::move(data)) {}

FramePass::~FramePass() = default;
FramePass::FramePass(FramePass &&) noexcept = default;
FramePass &FramePass::operator=(FramePass &&) noexcept = default;

void FramePass::measure()
{
	data_->isMeasured = true;
}

std::vector<LevelStatistics> FramePass::statistics() const
{
	return data_->statistics.levels();
}

const ShownMaps &FramePass::shown(std::size_t index) const
{
	return data_->shown[index];
}

const TensorContent &FramePass::tensor(std::size_t index) const
{
	return data_->tensors.at(index);
}

Visualizer::Visualizer(const ModelSettings &settings)
	: memory_(std::make_unique<TensorMemoryUser>()),
	  model_(onThreadOfItsOwn([&] { return std::make_unique<Model>(settings); })),
	  path_(translateErrors([&] {
		  return model_->device.cuda ? makeCudaPath(*model_) : makeHostPath(*model_);
	  }))
{
}

Visualizer::~Visualizer()
{
	const TensorMemoryDiscard discard;
	path_.reset();
	model_.reset();
}

void Visualizer::checkDeviceName(const std::string &device)
{
	fm::checkDeviceName(device);
}

const ModelInfo &Visualizer::model() const
{
	return model_->info;
}

ViewSettings Visualizer::complete(ViewSettings settings, BasisFile &file) const
{
	settings.basis.reset();
	if (!usesFile(settings))
		return settings;
	if (settings.pcaFile.empty())
		throw Error(Error::Kind::BadSetting,
		            "pca-basis=file needs a file with a basis: set pca-file");
	const Level &level = model_->info.levels[model_->levelIndex(settings)];
	settings.basis = translateErrors([&] {
		const TorchScope scope(nullptr);
		return file.basisOf(level, settings.pcaFile);
	});
	return settings;
}

void Visualizer::check(const ViewSettings &settings) const
{
	const Level &shown = model_->info.levels[model_->levelIndex(settings)];
	const auto selection = ChannelSelection::of(settings);
	if (usesFile(settings))
		checkBasis(settings.basis.get(), shown);
	if (settings.view == View::Difference && !model_->comparesCheckpoints())
		throw Error(Error::Kind::BadSetting,
		            "view=difference needs a checkpoint to compare with: set "
		            "compare-weights");
	if (settings.view == View::Tensor && selection.count(shown.channels) > shown.channels)
		throw Error(Error::Kind::BadSetting,
		            "channels '" + settings.channels + "' are more than the " +
		                    std::to_string(shown.channels) + " of level " + shown.name);
	if (settings.view != View::Pyramid)
		return selection.check(shown.name, shown.channels);
	for (const Level &level : model_->info.levels)
		selection.check(level.name, level.channels);
}

Composition Visualizer::composition(const ViewSettings &settings, Size video) const
{
	check(settings);
	const Level &level = model_->info.levels[model_->levelIndex(settings)];
	return { settings, model_->info.levels,
		 ChannelSelection::of(settings).count(level.channels), video,
		 model_->titles(settings.view) };
}

std::optional<CudaContext> Visualizer::cudaContext() const
{
	return cudaContextOf(model_->device.name);
}

std::optional<CudaContext> Visualizer::cudaContextOf(const std::string &device)
{
	return onThreadOfItsOwn([&] { return fm::cudaContextOf(device); });
}

/* On a device, one frame comes or goes while another is at work. On the CPU the network takes all
 * of it. */
unsigned Visualizer::framesInFlight() const
{
	return model_->device.cuda ? 2 : 1;
}

bool Visualizer::leavesWorkToDevice() const
{
	return model_->device.cuda != nullptr;
}

HostMemory Visualizer::hostMemory() const
{
	if (!model_->device.cuda)
		return {};
	return [isPinned = model_->device.cuda->wantsPinnedMemory()](std::size_t bytes) {
		return translateErrors([&] {
			const auto tensor =
				std::make_shared<at::Tensor>(hostBytes(isPinned, bytes));
			return std::shared_ptr<void>(tensor, tensor->mutable_data_ptr());
		});
	};
}

void Visualizer::warmUp(Size frame, std::span<const ViewPass> views)
{
	onThreadOfItsOwn([&] { path_->warmUp(frame, views); });
}

FramePass Visualizer::begin(const Frame &frame, std::span<const Region> regions)
{
	return FramePass(translateErrors([&] {
		const auto input = InputShape::of(frame.size, model_->preprocess);
		return path_->begin(frame, Boxes::of(regions, frame.size, input));
	}));
}

void Visualizer::convert(FramePass &pass, Threads threads) const
{
	const SerialScope serial(threads == Threads::One);
	translateErrors([&] { path_->convert(*pass.data_); });
}

bool Visualizer::run(FramePass &pass, std::span<const ViewPass> views, bool repeat) const
{
	return translateErrors([&] { return path_->run(*pass.data_, views, repeat); });
}

void Visualizer::draw(FramePass &pass, std::size_t index, Threads threads) const
{
	const SerialScope serial(threads == Threads::One);
	translateErrors([&] { path_->draw(*pass.data_, index); });
}

void Visualizer::write(FramePass &pass, std::size_t index, ElementType type, void *values,
                       Threads threads) const
{
	const SerialScope serial(threads == Threads::One);
	translateErrors([&] { path_->write(*pass.data_, index, type, values); });
}

void setWarningHandler(std::function<void(const std::string &)> handler)
{
	warnings.handler = std::move(handler);
}

} /* namespace fm */
