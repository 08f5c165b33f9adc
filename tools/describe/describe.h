/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backbone/plan.h"
#include "backbone/weightsfile.h"

/** \brief What is asked for on the command line */
struct Options {
	fm::BackboneSettings backbone;
	std::vector<std::string> levels; /**< Of which a plan is wanted */
	std::string channels = "0-11";
	std::optional<fm::Size> size; /**< Of the network's input */
	bool json = false;
};

/** \brief What there is to say of a weights file */
struct Weights {
	std::string file, format;
	std::optional<fm::StateNames> names;
	std::size_t tensors; /**< That the file holds, of a backbone or not */
	fm::LoadReport report;
	bool suffices;       /**< The element takes the file for the backbone that is asked for */
	std::string warning; /**< And says so with it; or empty */
	std::vector<fm::NamedTensor>
		first = {}; /**< Of the file; where no known backbone is in it */
};

/** \brief What there is to say of a backbone */
struct Description {
	fm::BackboneKind kind; /**< Auto where the file has no known one: there is no network */
	fm::Network network = {};
	/* Where a size is given: */
	std::optional<fm::Size> size = {};
	std::vector<fm::Size> levelSizes = {};
	int64_t multiplyAdds = 0;
	/* Where levels are given: */
	std::optional<fm::Plan> plan = {};
	/* Where a file is given: */
	std::optional<Weights> weights = {};

	bool isKnown() const { return kind != fm::BackboneKind::Auto; }

	/** \throws fm::Error for options that do not go together, and as fm::WeightsFile */
	static Description of(const Options &options);
};

/** \throws fm::Error BadSetting for what is not understood */
Options parseOptions(int argc, char **argv);

/** \brief "convolution", "max pool" ... */
const char *kindName(fm::Node::Kind kind);

/** \brief "ReLU", "Hardswish" ...; empty for none */
const char *activationName(fm::Activation activation);

/** \brief Has a kernel, stride and padding */
bool hasWindow(const fm::Node &node);

void printText(const Description &description);
void printJson(const Description &description);
