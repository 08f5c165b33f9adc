/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/tensornames.h"

#include "checkpoint/numpyarrays.h"
#include "checkpoint/torchtensor.h"

#include <algorithm>

namespace fm {

namespace {

using pickle::Graph;
using pickle::ValueId;

constexpr std::size_t mostLevels = 256;

/*
 * A dict may lie in many others, which lie in many others: a small file can name more tensors
 * than fit in memory. In bytes, roughly. A tensor that is mentioned again takes some bytes of the
 * pickle, and some hundred here.
 */
constexpr std::size_t memoryAllowance = 4 << 20;
constexpr std::size_t memoryPerByte = 256;
constexpr std::size_t mostMemory = 256 << 20;

std::size_t memoryFor(const Graph &graph)
{
	return std::min(mostMemory,
	                memoryAllowance + memoryPerByte * std::min(graph.size, mostMemory));
}

struct Child {
	std::optional<ValueId> key; /* none for an item of a list: its place is its name */
	std::size_t place;
	ValueId value;
};

using Children = std::vector<Child>;

void appendEntries(const pickle::Entries &entries, Children &children)
{
	for (const auto &[key, value] : entries)
		children.push_back({ key, 0, value });
}

void appendItems(std::span<const ValueId> items, Children &children)
{
	for (std::size_t i = 0; i < items.size(); i++)
		children.push_back({ std::nullopt, i, items[i] });
}

/** \brief OrderedDict([[key, value], ...]), as Python 2 pickles it */
void appendPairs(const Graph &graph, const pickle::Object &object, Children &children)
{
	const auto *type = graph.as<pickle::Global>(object.callable);
	const auto args = graph.items(object.args);
	if (!type || type->name != "OrderedDict" || args.size() != 1)
		return;
	for (const ValueId item : graph.items(args[0])) {
		const auto pair = graph.items(item);
		if (pair.size() == 2)
			children.push_back({ pair[0], 0, pair[1] });
	}
}

/** \brief The entries of a dict or of an object that is one */
void appendMapping(const Graph &graph, ValueId value, Children &children)
{
	if (const auto *dict = graph.as<pickle::Dict>(value))
		appendEntries(dict->entries, children);
	if (const auto *object = graph.as<pickle::Object>(value)) {
		appendPairs(graph, *object, children);
		appendEntries(object->entries, children);
	}
}

/** \brief What torch.nn.Module's state_dict() goes through, in its order */
void appendModule(const Graph &graph, const pickle::Dict &state, Children &children)
{
	for (const std::string_view part : { "_parameters", "_buffers", "_modules" })
		for (const auto &[key, value] : state.entries)
			if (graph.isText(key, part))
				appendMapping(graph, value, children);
}

Children childrenOf(const Graph &graph, ValueId value)
{
	Children children;
	appendMapping(graph, value, children);
	appendItems(graph.items(value), children);
	if (const auto *object = graph.as<pickle::Object>(value)) {
		appendItems(object->items, children);
		if (const auto *state =
		            object->state ? graph.as<pickle::Dict>(*object->state) : nullptr)
			appendModule(graph, *state, children);
	}
	return children;
}

/** \brief Walks the values depth first, with a stack of its own: a file decides how deep */
class Walk
{
public:
	Walk(const Graph &graph, TorchStorages &torchStorages, Storages &storages)
		: graph_(graph), torchStorages_(torchStorages), arrays_(graph, storages),
		  onPath_(graph.values.size()), allowed_(memoryFor(graph))
	{
	}

	NamedTensors run();

private:
	struct Level {
		ValueId value;
		Children children;
		std::size_t next;
		std::size_t nameSize;
	};

	void visitChild(Child child);
	void visit(ValueId value);
	bool passOver(ValueId value);
	void enter(ValueId value);
	void leave();
	void spend(ValueId value, std::size_t memory);

	const Graph &graph_;
	TorchStorages &torchStorages_;
	NumpyArrays arrays_;
	std::vector<bool> onPath_; /* by value: a list that holds itself is not entered again */
	std::vector<Level> path_;
	std::string name_;
	NamedTensors found_;
	std::size_t allowed_;
};

NamedTensors Walk::run()
{
	visit(graph_.root);
	while (!path_.empty()) {
		Level &level = path_.back();
		name_.resize(level.nameSize);
		if (level.next == level.children.size()) {
			leave();
			continue;
		}
		visitChild(level.children[level.next++]);
	}
	return std::move(found_);
}

void Walk::visitChild(Child child)
{
	const std::optional<std::string> key =
		child.key ? graph_.text(*child.key) : std::to_string(child.place);
	if (!key)
		return;
	spend(child.value, key->size());
	if (path_.size() > 1)
		name_ += '.';
	name_ += *key;
	visit(child.value);
}

void Walk::visit(ValueId value)
{
	std::optional<TensorView> tensor = findTensor(graph_, torchStorages_, value);
	if (!tensor)
		tensor = arrays_.find(value);
	if (!tensor) {
		if (!passOver(value))
			enter(value);
		return;
	}
	spend(value,
	      sizeof(NamedTensor) + name_.size() + 2 * sizeof(int64_t) * tensor->shape.size());
	found_.tensors.push_back({ name_, std::move(*tensor) });
}

/** \brief Whether it is a tensor, of a type that cannot be read */
bool Walk::passOver(ValueId value)
{
	std::optional<std::string> type = findUnreadType(graph_, value);
	if (!type)
		type = arrays_.findUnreadType(value);
	if (!type)
		return false;
	spend(value, sizeof(UnreadTensor) + name_.size() + type->size());
	found_.unread.push_back({ name_, std::move(*type) });
	return true;
}

void Walk::enter(ValueId value)
{
	if (onPath_[value])
		return;
	Children children = childrenOf(graph_, value);
	if (children.empty())
		return;
	if (path_.size() == mostLevels)
		graph_.fail(value, "more than " + std::to_string(mostLevels) + " nested values");
	spend(value, children.size() * sizeof(Child));
	path_.push_back({ value, std::move(children), 0, name_.size() });
	onPath_[value] = true;
}

void Walk::leave()
{
	onPath_[path_.back().value] = false;
	path_.pop_back();
}

void Walk::spend(ValueId value, std::size_t memory)
{
	if (memory > allowed_)
		graph_.fail(value, "too many values are named, the last of them this one");
	allowed_ -= memory;
}

} /* namespace */

NamedTensors nameTensors(const Graph &graph, TorchStorages &torchStorages, Storages &storages)
{
	return Walk(graph, torchStorages, storages).run();
}

} /* namespace fm */
