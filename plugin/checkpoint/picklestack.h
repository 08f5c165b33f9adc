/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "checkpoint/pickle.h"

#include <unordered_map>

namespace fm::pickle {

/**
 * \brief What Python's pickle machine works on: values, a stack with marks, and a memo
 *
 * Each has a limit, and nothing below the last mark can be taken; a pickle that tries is a
 * FormatError at the reader's place.
 */
class Stack
{
public:
	explicit Stack(const ByteReader &reader);

	/** \brief An opcode starts at byte \a place: that of the values which it makes */
	void startAt(std::size_t place) { place_ = place; }

	/** \brief Makes a value without putting it on the stack */
	ValueId add(Value value);
	void push(Value value) { pushAgain(add(std::move(value))); }
	void pushAgain(ValueId id);

	ValueId top() const;
	ValueId pop();
	/** \brief The topmost \a count values, the last of them from the top */
	std::vector<ValueId> pop(std::size_t count);

	void mark();
	/** \brief Everything above the last mark; the mark goes too */
	std::vector<ValueId> popToMark();
	/** \brief True, and the mark is gone, if there is nothing above the last mark */
	bool popEmptyMark();

	void memorize(uint64_t key);
	void memorizeNext() { memorize(memo_.size()); }
	void recall(uint64_t key);

	/** \brief A value to change; valid until the next one is made */
	template<typename Type>
	Type *as(ValueId id)
	{
		return std::get_if<Type>(&graph_.values[id]);
	}

	/** \brief Ends the work after \a size bytes: the topmost value is the pickle's */
	Graph finish(std::size_t size);

private:
	/** \brief Where the last mark is in the stack, 0 if there is none */
	std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

	const ByteReader &reader_;
	Graph graph_;
	std::size_t place_ = 0;
	std::vector<ValueId> stack_;
	std::vector<std::size_t> marks_;
	std::unordered_map<uint64_t, ValueId> memo_;
};

} /* namespace fm::pickle */
