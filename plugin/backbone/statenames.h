/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/checkpoint.h"

namespace fm {

/** \brief Whose names a file's tensors have; timm's and plain classifiers' are torchvision's */
enum class Family { Torchvision, Detectron2, MMDetection };

/** \brief "torchvision", "detectron2" or "mmdetection" */
const char *familyName(Family family);

/**
 * \brief Where among a file's tensors a backbone's are, and what torchvision calls them
 *
 * Whatever training scripts put in front ("model.", "state_dict.", "module.", "backbone." ...) is
 * found by a tensor that every network of a kind has, and taken off. A backbone's parameters are
 * then "body...." with the names of torchvision's classifier ("body.conv1.weight",
 * "body.0.0.weight" of MobileNet's features), and "fpn....".
 */
class StateNames
{
public:
	/**
	 * \brief Those of every backbone among \a tensors and \a unread, in their order
	 *
	 * Of a file with a great many it is the first sixteen.
	 */
	static std::vector<StateNames> find(std::span<const NamedTensor> tensors,
	                                    std::span<const UnreadTensor> unread = {});

	Family family() const { return family_; }
	/** \brief What stands in front of the body's names in the file */
	const std::string &prefix() const { return body_; }
	/** \brief What stands in front of all that is the detector's: the prefix without the
	 * backbone's own scopes
	 */
	std::string front() const;

	/**
	 * \brief The backbone's parameter that the file calls \a name
	 *
	 * Empty for what belongs to no backbone: heads, counters, an optimizer's state.
	 */
	std::string parameter(std::string_view name) const;

private:
	StateNames(Family family, std::string body) : family_(family), body_(std::move(body)) {}

	/* Of all tensors, sorted. */
	using Names = std::span<const std::string_view>;

	static StateNames ofDetectron2(std::string body, Names all);
	static StateNames ofResNet(std::string body, Names all);
	static StateNames ofFeatures(std::string body);

	Family family_;
	std::string body_;
	std::optional<std::string> fpn_; /* In front of the FPN's names, where there may be one. */
	std::optional<std::string> heads_; /* detectron2: in front of a res5 in the heads. */
	int firstLateral_ = 0;             /* detectron2: number of the finest "fpn_lateral". */
	int laterals_ = 0;                 /* mmdetection: how many there are. */
};

/** \brief The same for a parameter that a Network calls \a name: its "features." are a body, too */
std::string parameterOf(std::string_view name);

} /* namespace fm */
