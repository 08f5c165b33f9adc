/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "checkpoint/torchstorage.h"

namespace fm {

/**
 * \brief The tensor that torch.load would make of \a value
 *
 * None if it is not a tensor, or one that a ScalarType and strides do not describe (complex,
 * quantised, sparse, negated).
 *
 * \throws FormatError if an element lies outside the tensor's storage
 */
std::optional<TensorView> findTensor(const pickle::Graph &graph, TorchStorages &storages,
                                     pickle::ValueId value);

/** \brief What the tensor \a value has for elements that findTensor() gives none of: "complex64";
 * none for what is no tensor
 */
std::optional<std::string> findUnreadType(const pickle::Graph &graph, pickle::ValueId value);

} /* namespace fm */
