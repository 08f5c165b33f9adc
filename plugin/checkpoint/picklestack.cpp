/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/picklestack.h"

#include "checkpoint/bytereader.h"

namespace fm::pickle {

namespace {

/* Far above what a checkpoint needs; a hostile file of some megabytes stays below 1 GiB. */
constexpr std::size_t mostValues = 4 << 20;
constexpr std::size_t mostStacked = 4 << 20;
constexpr std::size_t mostMarks = 1 << 20;
constexpr std::size_t mostMemorized = 4 << 20;

} /* namespace */

Stack::Stack(const ByteReader &reader) : reader_(reader)
{
	graph_.source = reader.name();
}

ValueId Stack::add(Value value)
{
	if (graph_.values.size() >= mostValues)
		reader_.fail("too many pickled values");
	graph_.values.push_back(std::move(value));
	graph_.places.push_back(place_);
	return static_cast<ValueId>(graph_.values.size() - 1);
}

void Stack::pushAgain(ValueId id)
{
	if (stack_.size() >= mostStacked)
		reader_.fail("too many values on the pickle stack");
	stack_.push_back(id);
}

ValueId Stack::top() const
{
	if (stack_.size() <= floor())
		reader_.fail("nothing on the pickle stack");
	return stack_.back();
}

ValueId Stack::pop()
{
	const ValueId id = top();
	stack_.pop_back();
	return id;
}

std::vector<ValueId> Stack::pop(std::size_t count)
{
	if (stack_.size() - floor() < count)
		reader_.fail("too few values on the pickle stack");
	const auto first = stack_.end() - static_cast<std::ptrdiff_t>(count);
	std::vector<ValueId> popped(first, stack_.end());
	stack_.erase(first, stack_.end());
	return popped;
}

void Stack::mark()
{
	if (marks_.size() >= mostMarks)
		reader_.fail("too many marks on the pickle stack");
	marks_.push_back(stack_.size());
}

std::vector<ValueId> Stack::popToMark()
{
	if (marks_.empty())
		reader_.fail("no mark on the pickle stack");
	std::vector<ValueId> popped = pop(stack_.size() - floor());
	marks_.pop_back();
	return popped;
}

bool Stack::popEmptyMark()
{
	const bool isEmpty = !marks_.empty() && marks_.back() == stack_.size();
	if (isEmpty)
		marks_.pop_back();
	return isEmpty;
}

void Stack::memorize(uint64_t key)
{
	if (memo_.size() >= mostMemorized)
		reader_.fail("too many values in the pickle memo");
	memo_.insert_or_assign(key, top());
}

void Stack::recall(uint64_t key)
{
	const auto found = memo_.find(key);
	if (found == memo_.end())
		reader_.fail("nothing in the pickle memo under " + std::to_string(key));
	pushAgain(found->second);
}

Graph Stack::finish(std::size_t size)
{
	graph_.size = size;
	graph_.root = pop();
	return std::move(graph_);
}

} /* namespace fm::pickle */
