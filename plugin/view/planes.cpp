/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "planes.h"

#include <algorithm>

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include "parallel.h"
#include "tensormaps.h"

namespace fm {

namespace {

/* Pixels of a row that all maps are gone through for: of maps whose channels come first in memory
 * they are then still in the cache for the next one. */
constexpr int64_t run = 32;

/* Rows for each thread at least. */
constexpr int rowGrain = 4;

template<typename In, typename Out>
void copyPlanes(const at::Tensor &maps, const std::vector<int> &places, Out *out)
{
	const auto *in = static_cast<const In *>(maps.const_data_ptr());
	const int64_t height = maps.size(2);
	const int64_t width = maps.size(3);
	const int64_t channelStride = maps.stride(1);
	const int64_t rowStride = maps.stride(2);
	const int64_t columnStride = maps.stride(3);
	const auto copyRun = [&](int64_t y, int64_t begin, int64_t end) {
		for (std::size_t k = 0; k < places.size(); ++k) {
			const In *from = in + places[k] * channelStride + y * rowStride;
			Out *to = out + (static_cast<int64_t>(k) * height + y) * width;
			for (int64_t x = begin; x < end; ++x)
				to[x] = static_cast<Out>(
					static_cast<float>(from[x * columnStride]));
		}
	};
	parallelFor(static_cast<int>(height), rowGrain, [&](int first, int last) {
		for (int64_t y = first; y < last; ++y)
			for (int64_t x = 0; x < width; x += run)
				copyRun(y, x, std::min(x + run, width));
	});
}

template<typename Body>
void withExample(ElementType type, Body &&body)
{
	switch (type) {
	case ElementType::Float32:
		return body(float());
	case ElementType::Float16:
		return body(c10::Half());
	case ElementType::BFloat16:
		return body(c10::BFloat16());
	}
}

} /* namespace */

void writePlanes(const at::Tensor &maps, const std::vector<int> &places, ElementType type,
                 void *values)
{
	withExample(elementType(maps.scalar_type()), [&](auto in) {
		withExample(type, [&](auto out) {
			copyPlanes<decltype(in)>(maps, places,
			                         static_cast<decltype(out) *>(values));
		});
	});
}

} /* namespace fm */
