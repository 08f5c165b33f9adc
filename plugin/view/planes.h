/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "elementtype.h"

namespace fm {

/**
 * \brief Writes the maps at \a places of \a maps, [1, n, h, w] on the host, one behind the other
 *
 * As values of \a type: to Float16 what is beyond its range becomes infinite.
 */
void writePlanes(const at::Tensor &maps, const std::vector<int> &places, ElementType type,
                 void *values);

} /* namespace fm */
