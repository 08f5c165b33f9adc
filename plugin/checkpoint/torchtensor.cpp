/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/torchtensor.h"

#include "checkpoint/formaterror.h"

#include <limits>

namespace fm {

namespace {

using pickle::Graph;
using pickle::ValueId;

constexpr std::size_t mostDimensions = 64; /* as in PyTorch */

/* A Parameter around a tensor with attributes, and some room. */
constexpr int mostWrappers = 4;

/** \brief A call that rebuilds a tensor */
struct Rebuild {
	std::string_view function; /**< of torch._utils or torch._tensor */
	std::span<const ValueId> args;
};

std::optional<Rebuild> asRebuild(const Graph &graph, ValueId callable, ValueId args)
{
	const auto *function = graph.as<pickle::Global>(callable);
	const bool isRebuild =
		function && function->name.starts_with("_rebuild_") &&
		(function->module == "torch._utils" || function->module == "torch._tensor" ||
	         function->module == "torch.tensor");
	if (!isRebuild)
		return std::nullopt;
	return Rebuild{ function->name, graph.items(args) };
}

std::optional<Rebuild> asRebuild(const Graph &graph, ValueId value)
{
	const auto *object = graph.as<pickle::Object>(value);
	return object ? asRebuild(graph, object->callable, object->args) : std::nullopt;
}

/** \brief What is inside a Parameter or a subclass of Tensor */
std::optional<Rebuild> unwrapped(const Graph &graph, const Rebuild &rebuild)
{
	if (rebuild.function.starts_with("_rebuild_parameter") && !rebuild.args.empty())
		return asRebuild(graph, rebuild.args[0]);
	if (rebuild.function == "_rebuild_from_type_v2" && rebuild.args.size() > 2)
		return asRebuild(graph, rebuild.args[0], rebuild.args[2]);
	return rebuild;
}

/** \brief The arguments (storage, offset, size, stride, ...) for a plain tensor, else none */
std::span<const ValueId> tensorArguments(const Graph &graph, ValueId value)
{
	std::optional<Rebuild> rebuild = asRebuild(graph, value);
	for (int i = 0; rebuild && i < mostWrappers; i++)
		rebuild = unwrapped(graph, *rebuild);
	if (!rebuild ||
	    (rebuild->function != "_rebuild_tensor" && rebuild->function != "_rebuild_tensor_v2"))
		return {};
	if (rebuild->args.size() < 4)
		throwDamaged("pickle: a tensor of fewer than four values");
	return rebuild->args;
}

/** \brief Whether the seventh argument says that the elements stand for something else */
bool isNegatedOrConjugated(const Graph &graph, std::span<const ValueId> args)
{
	const auto *metadata = args.size() > 6 ? graph.as<pickle::Dict>(args[6]) : nullptr;
	return metadata && !metadata->entries.empty();
}

int64_t readSize(const Graph &graph, ValueId value)
{
	const int64_t *size = graph.as<int64_t>(value);
	if (!size || *size < 0)
		throwDamaged("pickle: a tensor's size, stride or offset is negative or no number");
	return *size;
}

std::vector<int64_t> readSizes(const Graph &graph, ValueId value)
{
	const auto items = graph.items(value);
	if (items.size() > mostDimensions)
		throwDamaged("pickle: a tensor of " + std::to_string(items.size()) + " dimensions");
	std::vector<int64_t> sizes;
	sizes.reserve(items.size());
	for (const ValueId item : items)
		sizes.push_back(readSize(graph, item));
	return sizes;
}

/** \brief How many elements there are; strides of 0 allow for more than the storage has */
uint64_t countElements(const std::vector<int64_t> &shape)
{
	uint64_t count = 1;
	bool overflows = false;
	for (const int64_t size : shape) {
		if (size == 0)
			return 0;
		overflows |= __builtin_mul_overflow(count, static_cast<uint64_t>(size), &count);
	}
	if (overflows || count > std::numeric_limits<int64_t>::max())
		throwDamaged("pickle: a tensor of more than 2^63 elements");
	return count;
}

/** \brief Makes the offset one in the whole storage */
void place(TensorView &tensor, const TorchStorages::Part &part)
{
	tensor.storage = part.storage;
	int64_t last = tensor.offset;
	bool overflows = __builtin_add_overflow(tensor.offset, part.first, &tensor.offset);
	if (countElements(tensor.shape) == 0)
		return;
	for (std::size_t i = 0; i < tensor.shape.size(); i++) {
		int64_t step = 0;
		overflows |= __builtin_mul_overflow(tensor.shape[i] - 1, tensor.strides[i], &step);
		overflows |= __builtin_add_overflow(last, step, &last);
	}
	if (overflows || static_cast<uint64_t>(last) >= part.count)
		throwDamaged("pickle: a tensor reaches beyond the " + std::to_string(part.count) +
		             " elements of its storage");
}

} /* namespace */

std::optional<TensorView> findTensor(const Graph &graph, TorchStorages &storages, ValueId value)
{
	const auto args = tensorArguments(graph, value);
	if (args.empty() || isNegatedOrConjugated(graph, args))
		return std::nullopt;
	const std::optional<TorchStorageId> storage = findStorageId(graph, args[0]);
	if (!storage)
		throwDamaged("pickle: a tensor without a storage");
	const std::optional<ScalarType> type = scalarTypeOf(*storage);
	if (!type)
		return std::nullopt;

	TensorView tensor = { *type, readSizes(graph, args[2]), readSizes(graph, args[3]),
		              readSize(graph, args[1]), 0 };
	if (tensor.shape.size() != tensor.strides.size())
		throwDamaged("pickle: a tensor's shape and strides differ in length");
	place(tensor, storages.find(*storage));
	return tensor;
}

} /* namespace fm */
