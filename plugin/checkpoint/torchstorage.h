/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "checkpoint/checkpoint.h"
#include "checkpoint/pickle.h"
#include "checkpoint/storage.h"

#include <map>
#include <unordered_map>

namespace fm {

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

/** \brief The storages that a file holds, by their keys; only those of tensors become Storages */
class TorchStorages
{
public:
	/** \brief Bytes of one of the Storages */
	struct Part {
		std::size_t storage;
		uint64_t first;
		uint64_t size;
	};

	/** \param isBigEndian Whether the file says so of its numbers */
	TorchStorages(Storages &storages, bool isBigEndian)
		: storages_(storages), isBigEndian_(isBigEndian)
	{
	}

	void hold(std::string key, Storage storage);

	/**
	 * \brief What \a id, of a known type, means
	 * \param value Which value says so, for the FormatError if not all of it is in the file
	 */
	Part find(const pickle::Graph &graph, pickle::ValueId value, const TorchStorageId &id);

private:
	struct Held {
		Storage storage;
		std::map<std::size_t, std::size_t> numbers; /* by the bytes that are swapped */
	};

	std::size_t add(Held &held, std::size_t swappedSize);

	Storages &storages_;
	bool isBigEndian_;
	std::unordered_map<std::string, Held> held_;
};

} /* namespace fm */
