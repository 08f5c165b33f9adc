/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "checkpoint/checkpoint.h"
#include "checkpoint/pickle.h"

#include <optional>

namespace fm {

constexpr std::size_t mostDimensions = 64; /* as in PyTorch */

/** \brief A pickled number of 0 or more; \throws FormatError for any other value */
int64_t readSize(const pickle::Graph &graph, pickle::ValueId value);

/** \brief A pickled tuple of numbers, one for each dimension; \throws FormatError */
std::vector<int64_t> readSizes(const pickle::Graph &graph, pickle::ValueId value);

/** \brief How many elements a tensor has; none if they are too many for an int64_t */
std::optional<uint64_t> countElements(const std::vector<int64_t> &shape);

/** \brief The strides of elements that lie side by side, the last dimension's first */
std::vector<int64_t> rowMajorStrides(const std::vector<int64_t> &shape);

/**
 * \brief Whether all elements of \a tensor lie among \a count, its offset aside
 *
 * Strides of 0 allow for more elements than there are places, but not for more than 2^63.
 */
bool isWithin(const TensorView &tensor, uint64_t count);

} /* namespace fm */
