/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weights.h"

#include <algorithm>

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

} /* namespace */

LoadedBackbone loadBackbone(BackboneKind kind, const std::string &file, at::TensorOptions options,
                            double bnEpsilon)
{
	if (file.empty()) {
		StateDict random;
		return { std::make_unique<Backbone>(Network::of(kind), random, options, bnEpsilon),
			 "No weights are set: the network is random, its maps show no learned "
			 "features" };
	}

	const Checkpoint checkpoint{ file };
	StateDict parameters(checkpoint);
	LoadedBackbone loaded = {
		std::make_unique<Backbone>(Network::of(kind), parameters, options, bnEpsilon), {}
	};

	const LoadReport report = parameters.report();
	checkFit(report, file, backboneName(kind));
	if (lacksJustTheFpn(report))
		loaded.warning =
			"'" + file +
			"' holds no FPN: the levels p2 to p5 and pool are random, c1 to c5 are not";
	return loaded;
}

} /* namespace fm */
