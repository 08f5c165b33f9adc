/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include "weightsfile.h"

namespace fm {

/** \brief What a parameter is, for the value that it takes where no file gives one */
enum class Parameter {
	ConvolutionWeight, /**< Kaiming normal over the fan in, which keeps values as large */
	Zero,
	One,
	ResidualScale, /**< Of the norm before a sum: so little that many sums do not grow */
};

/**
 * \brief A network's parameters by their names
 *
 * What the file does not hold is initialised from a fixed seed.
 */
class StateDict
{
public:
	/** \brief Those in \a file, which must outlive what take() gives; of none all are
	 * initialised
	 */
	explicit StateDict(const WeightsFile *file = nullptr);

	/**
	 * \return The parameter, float32, on the CPU, to be read alone: it may lie in the mapped
	 * file, and have any strides
	 * \throws Error Mismatch where the file has it in another shape, Unreadable where the file
	 * turns out to be damaged
	 */
	at::Tensor take(const std::string &name, at::IntArrayRef shape, Parameter parameter);

private:
	at::Tensor initialise(at::IntArrayRef shape, Parameter parameter);

	const WeightsFile *file_;
	at::Generator generator_;
};

} /* namespace fm */
