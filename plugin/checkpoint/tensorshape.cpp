/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/tensorshape.h"

#include <algorithm>
#include <limits>

namespace fm {

int64_t readSize(const pickle::Graph &graph, pickle::ValueId value)
{
	const int64_t *size = graph.as<int64_t>(value);
	if (!size || *size < 0)
		graph.fail(value, "a tensor's size, stride or offset is negative or no number");
	return *size;
}

std::vector<int64_t> readSizes(const pickle::Graph &graph, pickle::ValueId value)
{
	const auto items = graph.items(value);
	if (items.size() > mostDimensions)
		graph.fail(value, "a tensor of " + std::to_string(items.size()) + " dimensions");
	std::vector<int64_t> sizes;
	sizes.reserve(items.size());
	for (const pickle::ValueId item : items)
		sizes.push_back(readSize(graph, item));
	return sizes;
}

std::optional<uint64_t> countElements(const std::vector<int64_t> &shape)
{
	uint64_t count = 1;
	bool overflows = false;
	for (const int64_t size : shape) {
		if (size == 0)
			return 0;
		overflows |= __builtin_mul_overflow(count, static_cast<uint64_t>(size), &count);
	}
	if (overflows || count > std::numeric_limits<int64_t>::max())
		return std::nullopt;
	return count;
}

std::vector<int64_t> rowMajorStrides(const std::vector<int64_t> &shape)
{
	std::vector<int64_t> strides(shape.size());
	uint64_t stride = 1; /* may overflow where there are no elements, and is of no use there */
	for (std::size_t i = shape.size(); i-- > 0;) {
		strides[i] = static_cast<int64_t>(stride);
		stride *= static_cast<uint64_t>(std::max<int64_t>(shape[i], 1));
	}
	return strides;
}

bool isWithin(const TensorView &tensor, uint64_t count)
{
	const std::optional<uint64_t> elements = countElements(tensor.shape);
	if (!elements || *elements == 0)
		return elements.has_value();
	int64_t last = tensor.offset;
	bool overflows = false;
	for (std::size_t i = 0; i < tensor.shape.size(); i++) {
		int64_t step = 0;
		overflows |= __builtin_mul_overflow(tensor.shape[i] - 1, tensor.strides[i], &step);
		overflows |= __builtin_add_overflow(last, step, &last);
	}
	return !overflows && static_cast<uint64_t>(last) < count;
}

} /* namespace fm */
