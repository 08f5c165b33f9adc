/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modulebackbone.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>

#include <ATen/ops/zeros.h>

#include "checkpoint/moduleformat.h"
#include "error.h"
#include "fileversion.h"
#include "sharedbyfile.h"
#include "tensormemory.h"
#include "tokengrid.h"

namespace fm {

namespace {

constexpr std::size_t sizesKept = 8;
constexpr int isMaps = -1; /* In LoadedModule::leading. */

Size imageSize(const at::Tensor &image)
{
	return { static_cast<int>(image.size(3)), static_cast<int>(image.size(2)) };
}

Size mapSize(const at::Tensor &maps)
{
	return imageSize(maps);
}

Error mismatch(const std::string &file, const std::string &predicate)
{
	return { Error::Kind::Mismatch, "'" + file + "' " + predicate };
}

std::string listOf(const std::vector<ModuleOutput> &outputs)
{
	constexpr std::size_t shown = 8;
	std::string text;
	for (std::size_t i = 0; i < std::min(outputs.size(), shown); ++i)
		text += (i ? ", " : "") + outputs[i].name + ": " + outputs[i].type;
	if (outputs.size() > shown)
		text += " and " + std::to_string(outputs.size() - shown) + " more";
	return outputs.empty() ? "nothing" : text;
}

bool isOfNumbers(const at::Tensor &tensor)
{
	return tensor.defined() && tensor.layout() == at::kStrided && !tensor.is_quantized() &&
	       !tensor.is_complex() && tensor.numel() > 0 && tensor.dim() > 0 &&
	       tensor.size(0) == 1;
}

/* [1, N, C] as [1, C, h, w] */
at::Tensor mapsOfTokens(const at::Tensor &tokens, const TokenGrid &grid)
{
	const auto [size, leading] = grid;
	return tokens.narrow(1, leading, int64_t{ size.width } * size.height)
	        .reshape({ 1, size.height, size.width, tokens.size(2) })
	        .permute({ 0, 3, 1, 2 });
}

std::string ambiguityText(const ModuleOutput &output, const std::vector<TokenGrid> &grids,
                          Size image)
{
	std::string text = "returns " + std::to_string(output.tensor.size(1)) + " tokens as '" +
	                   output.name + "', which for an image of " + sizeText(image) + " may be ";
	for (std::size_t i = 0; i < grids.size(); ++i)
		text += (i ? " or " : "") + sizeText(grids[i].size) + " patches";
	return text + "; let it return maps, [1, C, h, w]";
}

/* How the tokens of \a output lie; nothing where it has none. \a leading, where it is known, says
 * how many go before the grid. */
std::optional<TokenGrid> gridOf(const std::string &file, const ModuleOutput &output, Size image,
                                std::optional<int> leading = {})
{
	if (!isOfNumbers(output.tensor) || output.tensor.dim() != 3)
		return std::nullopt;
	std::vector<TokenGrid> grids = tokenGrids(output.tensor.size(1), image);
	if (leading)
		std::erase_if(grids,
		              [&](const TokenGrid &grid) { return grid.leading != leading; });
	if (grids.size() > 1)
		throw mismatch(file, ambiguityText(output, grids, image));
	return grids.empty() ? std::nullopt : std::optional(grids.front());
}

int strideOf(Size image, Size maps)
{
	return std::max(
		1, static_cast<int>(std::lround(static_cast<double>(image.width) / maps.width)));
}

/* Adds \a output as a level, where it is one. */
void addLevel(LoadedModule &loaded, const ModuleOutput &output)
{
	if (std::ranges::find(loaded.levels, output.name, &Level::name) != loaded.levels.end())
		return;
	const auto add = [&](int64_t channels, Size size, int leading) {
		loaded.levels.push_back({ output.name, output.name, static_cast<int>(channels),
		                          strideOf(loaded.trial, size) });
		loaded.leading.push_back(leading);
	};
	if (isOfNumbers(output.tensor) && output.tensor.dim() == 4)
		add(output.tensor.size(1), mapSize(output.tensor), isMaps);
	else if (const auto grid = gridOf(loaded.file, output, loaded.trial))
		add(output.tensor.size(2), grid->size, grid->leading);
}

at::Tensor zeros(const at::TensorOptions &options, Size size)
{
	return at::zeros({ 1, 3, size.height, size.width }, options);
}

struct Trial {
	Size size;
	at::MemoryFormat layout;
	std::vector<ModuleOutput> outputs;
};

/* Many take images of one size alone; some look at memory as it lies. */
Trial firstRun(const FeatureModule &module)
{
	std::optional<Error> first;
	for (const Size size : module.trialSizes())
		for (const auto layout :
		     { at::MemoryFormat::ChannelsLast, at::MemoryFormat::Contiguous }) {
			try {
				const at::Tensor image = zeros(module.options(), size);
				return { size, layout, module.run(image.contiguous(layout)) };
			} catch (const Error &error) {
				if (error.kind != Error::Kind::Mismatch)
					throw;
				if (!first)
					first.emplace(error);
			}
		}
	throw *first;
}

/* The side is not that of maps: rows and columns would have different strides. */
bool isUneven(const at::Tensor &maps, Size image)
{
	const Size size = mapSize(maps);
	return std::lround(static_cast<double>(image.width) / size.width) !=
	       std::lround(static_cast<double>(image.height) / size.height);
}

/* [1, h, w, C] tells itself by what stays for an image of another size. That is tried where maps
 * look like it, and the module takes another size. */
void refuseChannelsLast(const LoadedModule &loaded, const ModuleOutput &output)
{
	const at::Tensor &tensor = output.tensor;
	if (!isOfNumbers(tensor) || tensor.dim() != 4 || !isUneven(tensor, loaded.trial))
		return;
	const Size other = { 3 * loaded.trial.width, 2 * loaded.trial.height };
	std::vector<ModuleOutput> outputs;
	try {
		outputs = loaded.module->run(
			zeros(loaded.module->options(), other).contiguous(loaded.layout));
	} catch (const Error &) {
		return;
	}
	const auto found = std::ranges::find(outputs, output.name, &ModuleOutput::name);
	if (found == outputs.end() || !isOfNumbers(found->tensor) || found->tensor.dim() != 4)
		return;
	if (found->tensor.size(1) != tensor.size(1) && found->tensor.size(3) == tensor.size(3))
		throw mismatch(loaded.file,
		               "returns '" + output.name +
		                       "' with the channels last, [1, h, w, C]: " + output.type +
		                       "; let it return maps, [1, C, h, w]");
}

} /* namespace */

LoadedModule LoadedModule::of(const std::string &file, std::unique_ptr<const FeatureModule> module)
{
	const Trial trial = firstRun(*module);
	LoadedModule loaded = { file, std::move(module), trial.layout, trial.size, {}, {} };
	for (const ModuleOutput &output : trial.outputs) {
		refuseChannelsLast(loaded, output);
		addLevel(loaded, output);
	}
	if (loaded.levels.empty())
		throw mismatch(file,
		               "returns no feature maps, [1, C, h, w], nor tokens of patches, "
		               "[1, N, C], but " +
		                       listOf(trial.outputs));
	return loaded;
}

std::vector<at::Tensor> LoadedModule::run(const at::Tensor &image) const
{
	const std::vector<ModuleOutput> outputs = module->run(image.contiguous(layout));
	std::vector<at::Tensor> result;
	for (std::size_t i = 0; i < levels.size(); ++i) {
		const Level &level = levels[i];
		const auto output = std::ranges::find(outputs, level.name, &ModuleOutput::name);
		at::Tensor maps;
		if (output != outputs.end() && leading[i] != isMaps) {
			if (const auto grid = gridOf(file, *output, imageSize(image), leading[i]))
				maps = mapsOfTokens(output->tensor, *grid);
		} else if (output != outputs.end() && isOfNumbers(output->tensor) &&
		           output->tensor.dim() == 4) {
			maps = output->tensor;
		}
		if (!maps.defined() || maps.size(1) != level.channels)
			throw mismatch(file, "returns for an image of " +
			                             sizeText(imageSize(image)) + " no " +
			                             std::to_string(level.channels) + " maps as '" +
			                             level.name + "', as it did for one of " +
			                             sizeText(trial) + ", but " + listOf(outputs));
		result.push_back(std::move(maps));
	}
	return result;
}

ModuleBackbone::ModuleBackbone(std::shared_ptr<const LoadedModule> loaded, bool takesBgr)
	: loaded_(std::move(loaded)), takesBgr_(takesBgr)
{
}

const ModuleBackbone::Known *ModuleBackbone::find(Size image)
{
	const auto found = std::ranges::find(known_, image, &Known::image);
	if (found == known_.end())
		return nullptr;
	known_.splice(known_.begin(), known_, found);
	return &known_.front();
}

/* The first run of a size tells the sizes of its maps, which stay. */
std::vector<at::Tensor> ModuleBackbone::run(const at::Tensor &image)
{
	const Size size = imageSize(image);
	const Known *known = find(size);
	/* Results so far are of other sizes. */
	if (!known && (!known_.empty() || !TensorMemoryUser::hasOthers()))
		releaseTensorMemory();
	const TensorMemoryScope memory;
	std::vector<at::Tensor> maps;
	try {
		maps = loaded_->run(takesBgr_ ? image.flip(1) : image);
	} catch (const Error &error) {
		if (error.kind != Error::Kind::Mismatch || known || size == loaded_->trial)
			throw;
		throw Error(Error::Kind::BadSetting,
		            std::string(error.what()) + "; on one of " + sizeText(loaded_->trial) +
		                    " it can: scale the video, with videoscale and a caps filter, "
		                    "or by preprocess=detection",
		            error.detail, error.where);
	}

	std::vector<Size> sizes;
	std::ranges::transform(maps, std::back_inserter(sizes), mapSize);
	if (known && known->maps != sizes)
		throw mismatch(loaded_->file, "returns maps of other sizes than for the frame "
		                              "before, which cannot be shown");
	if (!known) {
		++preparations_;
		known_.push_front({ size, std::move(sizes) });
		if (known_.size() > sizesKept)
			known_.pop_back();
	}
	return maps;
}

std::shared_ptr<const Backbone::Prepared> ModuleBackbone::prepare(const Demand &demand, Size image)
{
	if (!find(image))
		run(zeros(options(), image));
	const Known &known = *find(image);
	auto prepared = std::make_shared<Prepared>();
	for (std::size_t level = 0; level < demand.size(); ++level)
		prepared->levels.push_back(
			demand[level].empty()
				? Prepared::Maps()
				: Prepared::Maps{ ChannelSet::all(), known.maps[level] });
	return prepared;
}

Features ModuleBackbone::forward(const at::Tensor &image, const Demand &demand)
{
	const std::vector<at::Tensor> maps = run(image);
	const TensorMemoryScope memory;
	Features features(demand.size());
	for (std::size_t level = 0; level < demand.size(); ++level)
		if (!demand[level].empty())
			features[level] = { maps[level].to(options()).contiguous(
						    at::MemoryFormat::ChannelsLast),
				            ChannelSet::all() };
	return features;
}

std::unique_ptr<Backbone> loadModule(const BackboneSettings &settings,
                                     const at::TensorOptions &options, bool anyType)
{
	const std::string &file = settings.weights;
	if (file.empty())
		throw Error(Error::Kind::BadSetting, "backbone=torchscript needs weights=FILE");

	using Key = std::tuple<FileVersion, std::string, c10::ScalarType, bool>;
	static SharedByFile<Key, LoadedModule> inUse;
	const Key key = { FileVersion::of(file), options.device().str(),
		          c10::typeMetaToScalarType(options.dtype()), anyType };
	auto loaded = inUse.get(key, options.device(), [&] {
		const auto package = readModuleFormat(file);
		return LoadedModule::of(file,
		                        package ? loadPackage(file, *package, options, anyType)
		                                : loadTorchScript(file, options));
	});
	return std::make_unique<ModuleBackbone>(std::move(loaded),
	                                        settings.channelOrder == ChannelOrder::Bgr);
}

} /* namespace fm */
