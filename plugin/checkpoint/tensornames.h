/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "checkpoint/torchstorage.h"

namespace fm {

struct NamedTensors {
	std::vector<NamedTensor> tensors;
	std::vector<UnreadTensor> unread;
};

/**
 * \brief All tensors of a pickle, PyTorch's and NumPy's, under their dotted names
 *
 * Goes through dicts, lists and tuples, and names the tensors of a whole pickled module as its
 * state_dict() would. Entries whose key is neither a string nor a whole number have no name and
 * are left out, as are other objects.
 *
 * \param storages Those of the file, to which the memory of arrays is added
 * \throws FormatError
 */
NamedTensors nameTensors(const pickle::Graph &graph, TorchStorages &torchStorages,
                         Storages &storages);

} /* namespace fm */
