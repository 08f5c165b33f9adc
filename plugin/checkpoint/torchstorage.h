/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "checkpoint/checkpoint.h"
#include "checkpoint/pickle.h"

#include <unordered_map>

namespace fm {

/** \brief The memory of each storage that a file holds, by its key */
using TorchStorages = std::unordered_map<std::string, std::span<const std::byte>>;

/** \brief What a tensor says about the memory in which its elements lie */
struct TorchStorageId {
	/** \brief A part of a storage as a storage of its own, in elements; only very old files
	 * have it */
	struct Part {
		uint64_t offset;
		uint64_t count;
	};

	std::string key;
	std::string_view typeName; /**< "FloatStorage"; belongs to the pickle */
	uint64_t count;            /**< in elements */
	std::optional<Part> part;
};

/** \brief The type of a storage's elements; none if it is not one of ours */
std::optional<ScalarType> scalarTypeOf(const TorchStorageId &id);

/** \brief Bytes of one element, also of a type that is not ours; 0 if the type is not known at all
 */
std::size_t elementSizeOf(const TorchStorageId &id);

/** \brief The storage that \a value stands for; none if it stands for something else */
std::optional<TorchStorageId> findStorageId(const pickle::Graph &graph, pickle::ValueId value);

/** \brief Every storage that a pickle speaks of, as it is first spoken of */
std::vector<TorchStorageId> findStorageIds(const pickle::Graph &graph);

/**
 * \brief The bytes that \a id, of a known type, means
 * \throws FormatError if they are not all in \a storages
 */
std::span<const std::byte> storageBytes(const TorchStorages &storages, const TorchStorageId &id);

} /* namespace fm */
