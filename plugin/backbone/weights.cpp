/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>

#include <c10/core/impl/VirtualGuardImpl.h>
#include <sys/stat.h>

#include "error.h"

namespace fm {

namespace {

bool isOfFpn(const std::string &name)
{
	return name.starts_with("fpn.");
}

/* A classifier's weights: the body is whole, of the FPN there is nothing. */
bool lacksJustTheFpn(const LoadReport &report)
{
	return !report.missing.empty() && !report.matched.empty() &&
	       std::ranges::all_of(report.missing, isOfFpn) &&
	       std::ranges::none_of(report.matched, isOfFpn);
}

void checkFit(const LoadReport &report, const std::string &file, const char *backbone)
{
	if (report.matched.empty())
		throw Error(Error::Kind::Mismatch, "'" + file + "' holds no tensor of " + backbone,
		            "looked for " + LoadReport::summary(report.missing));

	std::string problems;
	const auto add = [&](const char *what, const std::vector<std::string> &names) {
		if (!names.empty())
			problems += std::string(problems.empty() ? "" : "; ") + what + " " +
			            LoadReport::summary(names);
	};
	if (!lacksJustTheFpn(report))
		add("missing:", report.missing);
	add("of the wrong shape:", report.misshapen);
	add("not in this backbone:", report.unexpected);
	if (!problems.empty())
		throw Error(Error::Kind::Mismatch,
		            "'" + file + "' does not fit " + backbone + "; " + problems,
		            std::to_string(report.matched.size()) + " tensors fit");
}

struct Loaded {
	TrainedNetwork trained;
	std::string warning;
};

Loaded load(const Architecture &architecture, const std::string &file, at::TensorOptions options,
            double bnEpsilon, int imageChannels)
{
	const auto loadFrom = [&](StateDict &parameters) {
		return TrainedNetwork::load(architecture, parameters, bnEpsilon, options,
		                            imageChannels);
	};
	if (file.empty()) {
		StateDict random;
		return { loadFrom(random), "No weights are set: the network is random, its maps "
			                   "show no learned features" };
	}

	const Checkpoint checkpoint{ file };
	StateDict parameters(checkpoint);
	Loaded loaded = { loadFrom(parameters), {} };

	const LoadReport report = parameters.report();
	checkFit(report, file, backboneName(architecture.kind));
	if (lacksJustTheFpn(report))
		loaded.warning =
			"'" + file +
			"' holds no FPN: the levels p2 to p5 and pool are random, c1 to c5 are not";
	return loaded;
}

/* A file as it is: another one under its name is another version. */
struct FileVersion {
	std::string name;
	dev_t device = 0;
	ino_t inode = 0;
	off_t size = 0;
	time_t seconds = 0;
	long nanoseconds = 0;

	auto operator<=>(const FileVersion &) const = default;

	static FileVersion of(const std::string &file)
	{
		struct stat status = {};
		if (file.empty() || stat(file.c_str(), &status) != 0)
			return { .name = file };
		return { file,           status.st_dev,         status.st_ino,
			 status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec };
	}
};

using Key = std::tuple<FileVersion, Architecture, std::string, c10::ScalarType, double, int>;

/* What is in use somewhere in the process. */
struct InUse {
	std::mutex mutex; /* Protects all below; held while loading, so that nothing is loaded
	                     twice. */
	std::map<Key, std::weak_ptr<const Loaded>> loaded;
};

InUse &inUse()
{
	static InUse all;
	return all;
}

} /* namespace */

LoadedBackbone loadBackbone(const Architecture &architecture, const std::string &file,
                            at::TensorOptions options, double bnEpsilon, int imageChannels)
{
	const Key key = { FileVersion::of(file),
		          architecture,
		          options.device().str(),
		          c10::typeMetaToScalarType(options.dtype()),
		          bnEpsilon,
		          imageChannels };
	std::lock_guard lock(inUse().mutex);
	std::erase_if(inUse().loaded, [](const auto &entry) { return entry.second.expired(); });
	std::shared_ptr<const Loaded> loaded = inUse().loaded[key].lock();
	if (!loaded) {
		loaded = std::make_shared<const Loaded>(
			load(architecture, file, options, bnEpsilon, imageChannels));
		/* Others may read them at once, on streams of their own. */
		if (const c10::Device device = options.device(); !device.is_cpu())
			c10::impl::VirtualGuardImpl(device.type()).getStream(device).synchronize();
		inUse().loaded[key] = loaded;
	}
	/* Its network stays as long as all of it does. */
	const std::shared_ptr<const TrainedNetwork> trained(loaded, &loaded->trained);
	return { std::make_unique<PlannedBackbone>(trained), loaded->warning };
}

} /* namespace fm */
