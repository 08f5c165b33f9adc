/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights.h"

#include <tuple>

#include "error.h"
#include "fileversion.h"
#include "sharedbyfile.h"
#include "statedict.h"

namespace fm {

namespace {

struct Loaded {
	TrainedNetwork trained;
	BackboneKind kind;
	Normalisation normalisation;
	std::string warning;
};

void checkFit(const LoadReport &report, const WeightsFile &file, const BackboneSettings &settings,
              BackboneKind kind)
{
	const std::string subject = "'" + file.file() + "'";
	const std::string name = backboneName(kind);
	const std::string detail = std::to_string(report.matched.size()) + " tensors fit";
	if (report.suffices(settings.backbone))
		return;
	if (report.matched.empty())
		throw Error(Error::Kind::Mismatch,
		            subject +
		                    (isNetwork(settings.backbone)
		                             ? " holds no tensor of " + name
		                             : " holds no backbone that is known") +
		                    (report.unread.empty() ? "" : "; " + report.problemsText()),
		            "looked for " + LoadReport::summary(report.missing));
	if (isNetwork(settings.backbone))
		throw Error(Error::Kind::Mismatch,
		            subject + " does not fit " + name + "; " + report.problemsText(),
		            detail);
	throw Error(Error::Kind::Mismatch,
	            subject + " fits no backbone that is known; next to it is " + name + "; " +
	                    report.problemsText(),
	            detail);
}

Loaded loadRandom(const BackboneSettings &settings, at::TensorOptions options, int imageChannels)
{
	const Architecture architecture = chooseArchitecture(settings, nullptr);
	StateDict random;
	return { TrainedNetwork::load(
			 architecture, random,
			 settings.bnEpsilon.value_or(Network::of(architecture).normEpsilon),
			 options, imageChannels, settings.channelOrder == ChannelOrder::Bgr),
		 architecture.kind,
		 {},
		 "No weights are set: the network is random, its maps show no learned features" };
}

/* Batch norms that were frozen in training have the epsilon of torchvision's FrozenBatchNorm2d. */
double epsilonOf(const WeightsFile &file, const Architecture &architecture)
{
	constexpr double ofFrozenNorms = 1e-5;
	return file.hasFrozenNorms() ? ofFrozenNorms : Network::of(architecture).normEpsilon;
}

Loaded load(const BackboneSettings &settings, at::TensorOptions options, int imageChannels)
{
	if (settings.weights.empty())
		return loadRandom(settings, options, imageChannels);

	const WeightsFile file(settings.weights, settings.backbone);
	const Architecture architecture = chooseArchitecture(settings, &file);
	const LoadReport report = file.fit(Network::of(architecture));
	checkFit(report, file, settings, architecture.kind);

	const bool takesBgr = settings.channelOrder == ChannelOrder::Auto
	                              ? file.takesBgr()
	                              : settings.channelOrder == ChannelOrder::Bgr;
	StateDict parameters(&file);
	return { TrainedNetwork::load(architecture, parameters,
		                      settings.bnEpsilon.value_or(epsilonOf(file, architecture)),
		                      options, imageChannels, takesBgr),
		 architecture.kind, file.normalisation(takesBgr), file.warning(report) };
}

using Key = std::tuple<FileVersion, BackboneSettings, std::string, c10::ScalarType, int>;

} /* namespace */

LoadedBackbone loadBackbone(const BackboneSettings &settings, at::TensorOptions options,
                            int imageChannels)
{
	const Key key = { FileVersion::of(settings.weights), settings, options.device().str(),
		          c10::typeMetaToScalarType(options.dtype()), imageChannels };
	static SharedByFile<Key, Loaded> inUse;
	const std::shared_ptr<const Loaded> loaded = inUse.get(
		key, options.device(), [&] { return load(settings, options, imageChannels); });
	/* Its network stays as long as all of it does. */
	const std::shared_ptr<const TrainedNetwork> trained(loaded, &loaded->trained);
	return { std::make_unique<PlannedBackbone>(trained), loaded->kind, loaded->normalisation,
		 loaded->warning };
}

} /* namespace fm */
