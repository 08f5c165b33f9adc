/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "checkpoint/pickletext.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace fm {

class ByteReader;

namespace pickle {

/**
 * \brief A value's place in Graph::values
 *
 * Values refer to each other by place and belong to the Graph alone, so a list that holds itself
 * neither leaks nor makes a destructor recurse.
 */
using ValueId = uint32_t;

using Entries = std::vector<std::pair<ValueId, ValueId>>;

struct None {
};

/** \brief A whole number beyond 64 bits; nothing here needs to know which */
struct BigInt {
};

struct Bytes {
	std::span<const std::byte> content;
};

/** \brief A list or a set */
struct List {
	std::vector<ValueId> items;
};

struct Tuple {
	std::vector<ValueId> items;
};

/** \brief A dict in the file's order */
struct Dict {
	Entries entries;
};

/** \brief The name of a class or function; nothing ever looks it up */
struct Global {
	std::string_view module;
	std::string_view name;
};

/** \brief What Python would make by calling \a callable with \a args, and do to it afterwards */
struct Object {
	ValueId callable;
	ValueId args;
	std::optional<ValueId> state; /**< For __setstate__() or __dict__ */
	std::vector<ValueId> items;   /**< For append() or add() */
	Entries entries;              /**< For operator [] */
};

/** \brief What the program that unpickles has to know: for PyTorch, a storage */
struct PersistentId {
	ValueId id;
};

using Value = std::variant<None, bool, int64_t, BigInt, double, Text, Bytes, List, Tuple, Dict,
                           Global, Object, PersistentId>;

/**
 * \brief All values of a pickle, inert
 *
 * Texts, bytes and names lie where the pickle was read from.
 *
 * The items of a tuple and the parts of an object come before it; a list, a dict and what is put
 * into an object later may refer to anything, themselves included.
 */
struct Graph {
	std::string source;   /**< What the pickle is, for an error: "data.pkl" */
	std::size_t size = 0; /**< Bytes that it takes there */
	std::vector<Value> values;
	std::vector<std::size_t> places; /**< Of each value's opcode, in the source */
	ValueId root = 0;

	template<typename Type>
	const Type *as(ValueId id) const
	{
		return std::get_if<Type>(&values[id]);
	}

	/** \brief The items of a list or a tuple; none for any other value */
	std::span<const ValueId> items(ValueId id) const;

	bool isText(ValueId id, std::string_view text) const;

	/** \brief A copy of a text, or a whole number in decimals: what a name is made of */
	std::optional<std::string> text(ValueId id) const;

	/** \throws FormatError that says where \a id is and \a what is wrong with it */
	[[noreturn]] void fail(ValueId id, const std::string &what,
	                       std::source_location where = std::source_location::current()) const;
};

/**
 * \brief Reads one pickle of protocol 0 to 5 and leaves \a reader behind its end
 *
 * The bytes that are read must outlive the graph. Nothing that the pickle names is imported or
 * called.
 *
 * \throws FormatError
 */
Graph read(ByteReader &reader);

} /* namespace pickle */

} /* namespace fm */
