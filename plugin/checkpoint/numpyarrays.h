/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "checkpoint/checkpoint.h"
#include "checkpoint/pickle.h"
#include "checkpoint/storage.h"

#include <map>
#include <optional>
#include <tuple>

namespace fm {

/** \brief The arrays of a pickle as NumPy writes them, whatever its version and the protocol */
class NumpyArrays
{
public:
	NumpyArrays(const pickle::Graph &graph, Storages &storages)
		: graph_(graph), storages_(storages)
	{
	}

	/**
	 * \brief The array or the scalar that \a value is
	 *
	 * None if it is neither, or of elements that no ScalarType describes.
	 *
	 * \throws FormatError if it has not the bytes for its shape
	 */
	std::optional<TensorView> find(pickle::ValueId value);

	/** \brief NumPy's code of elements that no ScalarType describes: "c8"; none for what is no
	 * array
	 */
	std::optional<std::string> findUnreadType(pickle::ValueId value) const;

private:
	std::size_t store(pickle::ValueId data, uint64_t size, std::size_t swappedSize);
	Storage describe(pickle::ValueId data) const;

	const pickle::Graph &graph_;
	Storages &storages_;
	/* By the data's value, its size in bytes and the bytes of a number that is swapped */
	std::map<std::tuple<pickle::ValueId, uint64_t, std::size_t>, std::size_t> numbers_;
};

} /* namespace fm */
