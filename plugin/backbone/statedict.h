/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include "checkpoint/checkpoint.h"

namespace fm {

/** \brief How the tensors of a weights file and the parameters of a backbone fit together */
struct LoadReport {
	std::vector<std::string> matched;
	std::vector<std::string> missing;   /**< The backbone has them, the file has not */
	std::vector<std::string> misshapen; /**< "name: [64, 3, 3, 3] instead of [64, 3, 7, 7]" */
	std::vector<std::string>
		unexpected; /**< In the file, part of a backbone, not of this one */

	/** \brief Up to 5 of \a names, then how many more there are */
	static std::string summary(const std::vector<std::string> &names);
};

/** \brief What a parameter is, for the value that it takes where no file gives one */
enum class Parameter {
	ConvolutionWeight, /**< Kaiming normal over the fan out, as torchvision's ResNet */
	Zero,
	One,
};

/**
 * \brief A backbone's parameters by their name in torchvision
 *
 * The names under which they are found in files (within a whole detector, behind "module." or
 * "model.", from torchvision before 0.13 ...) are translated when the file is read. What a file
 * does not hold is initialised from a fixed seed and reported as missing.
 */
class StateDict
{
public:
	/** \brief Without a file: every parameter is initialised */
	StateDict();

	/** \brief The tensors of \a checkpoint, which must outlive this */
	explicit StateDict(const Checkpoint &checkpoint);

	/** \return The parameter, float32, contiguous, on the CPU */
	at::Tensor take(const std::string &name, at::IntArrayRef shape, Parameter parameter);

	/** \brief How all calls of take() so far went */
	LoadReport report() const;

private:
	at::Tensor initialise(at::IntArrayRef shape, Parameter parameter);

	const Checkpoint *checkpoint_ = nullptr;
	std::map<std::string, const TensorView *> tensors_;
	std::set<std::string> asked_;
	LoadReport report_; /* Without what is unexpected: that shows at the end. */
	at::Generator generator_;
};

/**
 * \brief torchvision's name for the backbone's parameter that a file calls \a name
 *
 * "body....", "fpn...." for a ResNet with FPN, "features...." for MobileNetV2; empty for what
 * belongs to no backbone (the detector's heads, a classifier, an optimizer's state).
 */
std::string canonicalName(std::string_view name);

} /* namespace fm */
