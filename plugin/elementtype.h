/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

namespace fm {

/** \brief What a tensor that kernels read or write is made of */
enum class ElementType { Float32, Float16, BFloat16 };

} /* namespace fm */
