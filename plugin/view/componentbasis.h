/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

#include <ATen/core/Tensor.h>

namespace fm {

/** \brief The first three principal components of a level's channels, C of them, from a file */
struct ComponentBasis {
	std::string file, level;
	at::Tensor mean; /**< [C, 1], float32, on the CPU */
	at::Tensor axes; /**< [C, 3], each divided by the standard deviation along it */
};

} /* namespace fm */
