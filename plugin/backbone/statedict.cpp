/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "statedict.h"

#include <cmath>
#include <cstdint>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "error.h"
#include "tensorof.h"

namespace fm {

namespace {

constexpr uint64_t seed = 0;
constexpr double residualScale = 0.2;

} /* namespace */

StateDict::StateDict(const WeightsFile *file)
	: file_(file), generator_(at::make_generator<at::CPUGeneratorImpl>(seed))
{
}

at::Tensor StateDict::initialise(at::IntArrayRef shape, Parameter parameter)
{
	if (parameter == Parameter::Zero)
		return at::zeros(shape, at::kFloat);
	if (parameter == Parameter::One)
		return at::ones(shape, at::kFloat);
	if (parameter == Parameter::ResidualScale)
		return at::full(shape, residualScale, at::kFloat);

	const auto fanIn = static_cast<double>(shape[1] * shape[2] * shape[3]);
	return at::empty(shape, at::kFloat).normal_(0.0, std::sqrt(2.0 / fanIn), generator_);
}

at::Tensor StateDict::take(const std::string &name, at::IntArrayRef shape, Parameter parameter)
{
	const TensorView *view = file_ ? file_->find(name) : nullptr;
	if (!view)
		return initialise(shape, parameter);
	if (at::IntArrayRef(view->shape) != shape)
		throw Error(Error::Kind::Mismatch,
		            "'" + file_->file() + "' has a tensor of the wrong shape; " +
		                    Misshapen{ name, view->shape, shape.vec() }.text());
	return tensorOf(file_->checkpoint(), *view);
}

} /* namespace fm */
