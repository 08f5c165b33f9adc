/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "statedict.h"

#include <cmath>
#include <cstdint>
#include <cstring>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "error.h"

namespace fm {

namespace {

constexpr uint64_t seed = 0;
constexpr double residualScale = 0.2;

at::ScalarType atenType(ScalarType type)
{
	switch (type) {
	case ScalarType::Float64:
		return at::kDouble;
	case ScalarType::Float32:
		return at::kFloat;
	case ScalarType::Float16:
		return at::kHalf;
	case ScalarType::BFloat16:
		return at::kBFloat16;
	case ScalarType::Int64:
		return at::kLong;
	case ScalarType::Int32:
		return at::kInt;
	case ScalarType::Int16:
		return at::kShort;
	case ScalarType::Int8:
		return at::kChar;
	case ScalarType::UInt8:
		return at::kByte;
	case ScalarType::Float8E5M2:
		return at::kFloat8_e5m2;
	case ScalarType::Float8E4M3:
		return at::kFloat8_e4m3fn;
	case ScalarType::Bool:
		break;
	}
	return at::kBool;
}

/* Elements from the first to the last that the view reaches; none where it is empty. */
int64_t reachOf(const TensorView &view)
{
	int64_t reach = 1;
	for (std::size_t i = 0; i < view.shape.size(); ++i) {
		if (view.shape[i] == 0)
			return 0;
		reach += (view.shape[i] - 1) * view.strides[i];
	}
	return reach;
}

/* Where it lies, or, where that is not aligned, a copy of what the view reaches. */
at::Tensor toTensor(const Checkpoint &checkpoint, const TensorView &view)
{
	const int64_t reach = reachOf(view);
	if (reach == 0)
		return at::zeros(view.shape, at::kFloat);

	const std::size_t size = elementSize(view.type);
	const at::ScalarType type = atenType(view.type);
	const std::byte *first = checkpoint.elements(view).data() + view.offset * size;
	if (reinterpret_cast<uintptr_t>(first) % size == 0)
		return at::from_blob(const_cast<std::byte *>(first), view.shape, view.strides, type)
		        .to(at::kFloat);
	at::Tensor copy = at::empty({ reach }, type);
	std::memcpy(copy.mutable_data_ptr(), first, reach * size);
	return copy.as_strided(view.shape, view.strides).to(at::kFloat);
}

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
	return toTensor(file_->checkpoint(), *view);
}

} /* namespace fm */
