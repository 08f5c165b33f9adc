/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <optional>

#include "backbone/modulebackbone.h"
#include "backbone/pairedbackbone.h"
#include "backbone/weights.h"
#include "error.h"
#include "tensormemory.h"
#include "torchscope.h"

namespace fm {

namespace {

/* Tensor cores take 16-bit values of four channels at a time, and the image has but three. */
constexpr int imageChannelsOnTensorCores = 4;

Precision resolve(Precision precision, bool isCuda)
{
	if (precision == Precision::Auto)
		return isCuda ? Precision::Float16 : Precision::Float32;
	if (precision == Precision::Tf32 && !isCuda)
		throw Error(Error::Kind::BadSetting,
		            "precision=tf32 is for CUDA devices; use float32 on the CPU");
	return precision;
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

Precision precisionOf(c10::ScalarType type)
{
	if (type == at::kHalf)
		return Precision::Float16;
	return type == at::kBFloat16 ? Precision::BFloat16 : Precision::Float32;
}

/* For people to read. */
std::string fileName(const std::string &weights)
{
	return weights.empty() ? "random" : std::filesystem::path(weights).filename().string();
}

/* Never the same twice, as addresses may be. */
uint64_t nextId()
{
	static std::atomic<uint64_t> last = 0;
	return ++last;
}

const char *precisionName(Precision precision)
{
	constexpr const char *names[] = { "auto", "float32", "float16", "bfloat16", "tf32" };
	return names[static_cast<int>(precision)];
}

/* Without preprocessing the network is given red, green and blue, whatever its family's order is.
 */
BackboneSettings backboneSettings(const ModelSettings &settings)
{
	BackboneSettings chosen = settings;
	if (settings.preprocess.mode == Preprocess::None &&
	    settings.channelOrder == ChannelOrder::Auto)
		chosen.channelOrder = ChannelOrder::Rgb;
	return chosen;
}

LoadedBackbone load(const ModelSettings &settings, const at::TensorOptions &options)
{
	if (settings.backbone == BackboneKind::TorchScript)
		return { loadModule(settings, options, settings.precision == Precision::Auto),
			 settings.backbone,
			 {},
			 {} };
	const bool onTensorCores = options.device().is_cuda() &&
	                           c10::typeMetaToScalarType(options.dtype()) != at::kFloat;
	return loadBackbone(backboneSettings(settings), options,
	                    onTensorCores ? imageChannelsOnTensorCores : 3);
}

Normalisation chosenNormalisation(const ModelSettings &settings, Normalisation ofWeights)
{
	if (!settings.mean.empty())
		ofWeights.mean = channelValues(settings.mean);
	if (!settings.deviation.empty())
		ofWeights.deviation = channelValues(settings.deviation);
	return ofWeights;
}

/* With the other checkpoint, which is to be of the backbone that the first turned out to be. */
std::unique_ptr<Backbone> paired(const ModelSettings &settings, LoadedBackbone &&first,
                                 std::vector<std::string> &warnings)
{
	ModelSettings other = settings;
	other.backbone = first.kind;
	other.weights = settings.compareWeights;
	LoadedBackbone second = load(other, first.backbone->options());
	if (chosenNormalisation(settings, second.normalisation) !=
	    chosenNormalisation(settings, first.normalisation))
		throw Error(Error::Kind::Mismatch,
		            "'" + settings.compareWeights +
		                    "' is of a family that takes out another mean or deviation; "
		                    "set mean and std to those that both are to have");
	if (!second.warning.empty())
		warnings.push_back(second.warning);
	return std::make_unique<PairedBackbone>(std::move(first.backbone),
	                                        std::move(second.backbone));
}

} /* namespace */

Model::Model(const ModelSettings &settings)
	: id(nextId()), device(selectDevice(settings.device)), preprocess(settings.preprocess)
{
	/* The module's stand-in in the tests computes on the CPU, as the CPU does best. */
	const bool isCuda = device.cuda && device.tensors().is_cuda();
	Precision precision = resolve(settings.precision, isCuda);
	type = scalarType(precision);
	allowsTf32 = precision == Precision::Tf32;

	const TorchScope scope(device.cuda.get());
	/* Layer after layer needs memory for a while, but not that of others' frames. */
	std::optional<TensorMemoryScope> memory;
	if (!TensorMemoryUser::hasOthers())
		memory.emplace();
	LoadedBackbone loaded = load(settings, at::TensorOptions(device.tensors()).dtype(type));
	preprocess.normalisation = chosenNormalisation(settings, loaded.normalisation);
	info.levels = loaded.backbone->levels();
	backbone = settings.compareWeights.empty()
	                   ? std::move(loaded.backbone)
	                   : paired(settings, std::move(loaded), info.warnings);
	if (memory)
		releaseTensorMemory();
	/* A compiled package has its own. */
	if (const auto own = c10::typeMetaToScalarType(backbone->options().dtype()); own != type) {
		type = own;
		precision = precisionOf(own);
	}
	info.backbone = backboneName(loaded.kind);
	info.device = device.name;
	info.precision = precisionName(precision);
	info.weights = settings.weights;
	info.compareWeights = settings.compareWeights;
	for (const std::string &warning : { device.warning, loaded.warning })
		if (!warning.empty())
			info.warnings.push_back(warning);
}

int Model::levelIndex(const ViewSettings &settings) const
{
	if (settings.level.empty())
		return backbone->defaultLevel();

	const auto &levels = info.levels;
	const auto found = std::ranges::find(levels, settings.level, &Level::name);
	if (found != levels.end())
		return static_cast<int>(found - levels.begin());

	std::string names;
	for (const Level &level : levels)
		names += (names.empty() ? "" : ", ") + level.name;
	throw Error(Error::Kind::BadSetting, "level '" + settings.level + "' does not exist in " +
	                                             info.backbone + ", which has " + names);
}

bool Model::comparesCheckpoints() const
{
	return backbone->levels().size() > info.levels.size();
}

std::optional<int> Model::comparedIndex(const ViewSettings &settings) const
{
	if (settings.view != View::Difference)
		return std::nullopt;
	return levelIndex(settings) + static_cast<int>(info.levels.size());
}

std::vector<std::string> Model::titles(View view) const
{
	if (view != View::Difference)
		return { info.backbone };
	return { info.backbone + " A " + fileName(info.weights) + ", B " +
		         fileName(info.compareWeights),
		 info.backbone };
}

void Model::demandFor(const ViewSettings &settings, const ChannelSet &channels,
                      Demand &demand) const
{
	demand[levelIndex(settings)] |= channels;
	if (const auto other = comparedIndex(settings))
		demand[*other] |= channels;
}

} /* namespace fm */
