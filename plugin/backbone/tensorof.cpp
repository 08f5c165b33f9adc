/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tensorof.h"

#include <cstdint>
#include <cstring>

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>

namespace fm {

namespace {

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

} /* namespace */

/* Where it lies, or, where that is not aligned, a copy of what the view reaches. */
at::Tensor tensorOf(const Checkpoint &checkpoint, const TensorView &view)
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

} /* namespace fm */
