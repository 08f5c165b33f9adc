/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/torchtensor.h"

#include "checkpoint/formaterror.h"
#include "checkpoint/tensorshape.h"

#include <algorithm>

namespace fm {

namespace {

using pickle::Graph;
using pickle::ValueId;

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

/** \brief Version 3 has the type of the elements: their storage is one of bytes */
bool hasType(const Rebuild &rebuild)
{
	return rebuild.function == "_rebuild_tensor_v3";
}

/** \brief What rebuilds a tensor of any kind, if \a value is one */
std::optional<Rebuild> findAnyRebuild(const Graph &graph, ValueId value)
{
	std::optional<Rebuild> rebuild = asRebuild(graph, value);
	for (int i = 0; rebuild && i < mostWrappers; i++)
		rebuild = unwrapped(graph, *rebuild);
	return rebuild;
}

bool isPlain(const Rebuild &rebuild)
{
	return rebuild.function == "_rebuild_tensor" || rebuild.function == "_rebuild_tensor_v2" ||
	       hasType(rebuild);
}

/** \brief What rebuilds a plain tensor from (storage, offset, size, stride, ...), if it is one */
std::optional<Rebuild> findRebuild(const Graph &graph, ValueId value)
{
	const std::optional<Rebuild> rebuild = findAnyRebuild(graph, value);
	if (!rebuild || !isPlain(*rebuild))
		return std::nullopt;
	const std::size_t fewest = hasType(*rebuild) ? 7 : 4;
	if (rebuild->args.size() < fewest)
		graph.fail(value, "a tensor of fewer than " + std::to_string(fewest) + " values");
	return rebuild;
}

std::optional<ScalarType> typeNamed(std::string_view name)
{
	struct Named {
		std::string_view name;
		ScalarType type;
	};
	static constexpr Named types[] = {
		{ "float64", ScalarType::Float64 },
		{ "float32", ScalarType::Float32 },
		{ "float16", ScalarType::Float16 },
		{ "bfloat16", ScalarType::BFloat16 },
		{ "int64", ScalarType::Int64 },
		{ "int32", ScalarType::Int32 },
		{ "int16", ScalarType::Int16 },
		{ "int8", ScalarType::Int8 },
		{ "uint8", ScalarType::UInt8 },
		{ "bool", ScalarType::Bool },
		{ "float8_e5m2", ScalarType::Float8E5M2 },
		{ "float8_e4m3fn", ScalarType::Float8E4M3 },
	};
	const auto found = std::ranges::find(types, name, &Named::name);
	return found == std::end(types) ? std::nullopt : std::optional(found->type);
}

std::optional<ScalarType> typeOf(const Graph &graph, const Rebuild &rebuild,
                                 const TorchStorageId &storage)
{
	if (!hasType(rebuild))
		return scalarTypeOf(storage);
	const auto *type = graph.as<pickle::Global>(rebuild.args[6]);
	/* Of another storage than UntypedStorage nobody knows in what the offset would count. */
	if (!type || type->module != "torch" || elementSizeOf(storage) != 1)
		return std::nullopt;
	return typeNamed(type->name);
}

/** \brief Whether the last argument says that the elements stand for something else */
bool isNegatedOrConjugated(const Graph &graph, const Rebuild &rebuild)
{
	const std::size_t place = hasType(rebuild) ? 7 : 6;
	const auto *metadata =
		rebuild.args.size() > place ? graph.as<pickle::Dict>(rebuild.args[place]) : nullptr;
	return metadata && !metadata->entries.empty();
}

/** \brief As PyTorch calls the type, where it has a name; else as the file does */
std::string unreadTypeName(std::string_view name)
{
	static constexpr std::pair<std::string_view, std::string_view> names[] = {
		{ "ComplexFloatStorage", "complex64" },
		{ "ComplexDoubleStorage", "complex128" },
		{ "_rebuild_qtensor", "quantised" },
		{ "_rebuild_meta_tensor_no_storage", "meta" },
		{ "_rebuild_sparse_tensor", "sparse" },
	};
	const auto found =
		std::ranges::find(names, name, [](const auto &row) { return row.first; });
	return std::string(found == std::end(names) ? name : found->second);
}

TorchStorageId readStorageId(const Graph &graph, ValueId value)
{
	std::optional<TorchStorageId> id = findStorageId(graph, value);
	if (id)
		return std::move(*id);
	const auto *object = graph.as<pickle::Object>(value);
	const auto *function = object ? graph.as<pickle::Global>(object->callable) : nullptr;
	if (function && function->module == "torch.storage")
		throw FormatError(Error::Kind::Unsupported,
		                  "holds tensors that were written by pickle alone; save them "
		                  "with torch.save instead",
		                  graph.source + ", byte " + std::to_string(graph.places[value]) +
		                          ": " + std::string(function->name));
	graph.fail(value, "a tensor without a storage");
}

} /* namespace */

std::optional<TensorView> findTensor(const Graph &graph, TorchStorages &storages, ValueId value)
{
	const std::optional<Rebuild> rebuild = findRebuild(graph, value);
	if (!rebuild || isNegatedOrConjugated(graph, *rebuild))
		return std::nullopt;
	const auto args = rebuild->args;
	const TorchStorageId storage = readStorageId(graph, args[0]);
	const std::optional<ScalarType> type = typeOf(graph, *rebuild, storage);
	if (!type)
		return std::nullopt;

	const TorchStorages::Part part = storages.find(graph, args[0], storage);
	TensorView tensor = { *type, readSizes(graph, args[2]), readSizes(graph, args[3]),
		              readSize(graph, args[1]), part.storage };
	const std::size_t elementBytes = elementSize(*type);
	if (tensor.shape.size() != tensor.strides.size())
		graph.fail(value, "a tensor's shape and strides differ in length");
	if (!isWithin(tensor, part.size / elementBytes))
		graph.fail(value, "a tensor reaches beyond the " + std::to_string(part.size) +
		                          " bytes of its storage");
	/* Only old files have parts, and theirs begin with an element. */
	if (__builtin_add_overflow(tensor.offset, part.first / elementBytes, &tensor.offset))
		graph.fail(value, "a tensor's offset is too large");
	return tensor;
}

std::optional<std::string> findUnreadType(const Graph &graph, ValueId value)
{
	const std::optional<Rebuild> rebuild = findAnyRebuild(graph, value);
	if (!rebuild)
		return std::nullopt;
	if (!isPlain(*rebuild))
		return unreadTypeName(rebuild->function);
	if (isNegatedOrConjugated(graph, *rebuild))
		return "negated or conjugated";
	const auto *type = hasType(*rebuild) ? graph.as<pickle::Global>(rebuild->args[6]) : nullptr;
	return unreadTypeName(type ? type->name : readStorageId(graph, rebuild->args[0]).typeName);
}

} /* namespace fm */
