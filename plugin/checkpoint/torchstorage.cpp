/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/torchstorage.h"

#include "checkpoint/formaterror.h"

#include <algorithm>
#include <unordered_set>

namespace fm {

namespace {

/* PyTorch's are numbers. Each mention of a storage copies its key. */
constexpr std::size_t longestKey = 256;

struct StorageType {
	std::string_view name;
	std::size_t elementSize;
	std::optional<ScalarType> type;
};

/* The types that are not ours are here for their size: in a stream, others lie behind them. */
constexpr StorageType storageTypes[] = {
	{ "DoubleStorage", 8, ScalarType::Float64 },
	{ "FloatStorage", 4, ScalarType::Float32 },
	{ "HalfStorage", 2, ScalarType::Float16 },
	{ "BFloat16Storage", 2, ScalarType::BFloat16 },
	{ "LongStorage", 8, ScalarType::Int64 },
	{ "IntStorage", 4, ScalarType::Int32 },
	{ "ShortStorage", 2, ScalarType::Int16 },
	{ "CharStorage", 1, ScalarType::Int8 },
	{ "ByteStorage", 1, ScalarType::UInt8 },
	{ "UntypedStorage", 1, ScalarType::UInt8 },
	{ "_UntypedStorage", 1, ScalarType::UInt8 },
	{ "BoolStorage", 1, ScalarType::Bool },
	{ "ComplexDoubleStorage", 16, std::nullopt },
	{ "ComplexFloatStorage", 8, std::nullopt },
	{ "QInt32Storage", 4, std::nullopt },
	{ "QInt8Storage", 1, std::nullopt },
	{ "QUInt8Storage", 1, std::nullopt },
	{ "QUInt4x2Storage", 1, std::nullopt },
	{ "QUInt2x4Storage", 1, std::nullopt },
};

const StorageType *findType(std::string_view name)
{
	const auto found = std::ranges::find(storageTypes, name, &StorageType::name);
	return found == std::end(storageTypes) ? nullptr : found;
}

uint64_t readCount(const pickle::Graph &graph, pickle::ValueId value)
{
	const int64_t *count = graph.as<int64_t>(value);
	if (!count || *count < 0)
		graph.fail(value, "a storage's size or offset is negative or no number");
	return static_cast<uint64_t>(*count);
}

/** \brief The stream format's sixth field: None or (key, offset, size) */
std::optional<TorchStorageId::Part> readPart(const pickle::Graph &graph, pickle::ValueId value)
{
	if (graph.as<pickle::None>(value))
		return std::nullopt;
	const auto fields = graph.items(value);
	if (fields.size() != 3)
		graph.fail(value, "a storage's part is not described by three values");
	return TorchStorageId::Part{ readCount(graph, fields[1]), readCount(graph, fields[2]) };
}

} /* namespace */

std::optional<ScalarType> scalarTypeOf(const TorchStorageId &id)
{
	const StorageType *type = findType(id.typeName);
	return type ? type->type : std::nullopt;
}

std::size_t elementSizeOf(const TorchStorageId &id)
{
	const StorageType *type = findType(id.typeName);
	return type ? type->elementSize : 0;
}

/* ("storage", type, key, location, count), in a stream with a part at the end */
std::optional<TorchStorageId> findStorageId(const pickle::Graph &graph, pickle::ValueId value)
{
	const auto *persistent = graph.as<pickle::PersistentId>(value);
	if (!persistent)
		return std::nullopt;
	const auto fields = graph.items(persistent->id);
	if (fields.empty() || !graph.isText(fields[0], "storage"))
		return std::nullopt;
	if (fields.size() != 5 && fields.size() != 6)
		graph.fail(value, "a storage is not described by five or six values");

	const auto *type = graph.as<pickle::Global>(fields[1]);
	std::optional<std::string> key = graph.text(fields[2]);
	if (!type || !key || key->size() > longestKey)
		graph.fail(value, "a storage without a type or a usable key");
	TorchStorageId id = { std::move(*key), type->name, readCount(graph, fields[4]), {} };
	if (fields.size() == 6)
		id.part = readPart(graph, fields[5]);
	return id;
}

std::vector<TorchStorageId> findStorageIds(const pickle::Graph &graph)
{
	std::vector<TorchStorageId> ids;
	std::unordered_set<std::string> keys;
	for (pickle::ValueId value = 0; value < graph.values.size(); value++) {
		std::optional<TorchStorageId> id = findStorageId(graph, value);
		if (id && keys.insert(id->key).second)
			ids.push_back(std::move(*id));
	}
	return ids;
}

void TorchStorages::hold(std::string key, Storage storage)
{
	held_.insert_or_assign(std::move(key), Held{ std::move(storage), {} });
}

TorchStorages::Part TorchStorages::find(const pickle::Graph &graph, pickle::ValueId value,
                                        const TorchStorageId &id)
{
	const auto found = held_.find(id.key);
	if (found == held_.end())
		graph.fail(value, "storage '" + id.key + "' is not in the file");
	Held &held = found->second;
	const std::size_t elementSize = elementSizeOf(id);
	if (id.count > held.storage.size / elementSize)
		graph.fail(value, std::to_string(id.count) + " elements expected, but " +
		                          held.storage.name + " has " +
		                          std::to_string(held.storage.size) + " bytes");
	const std::size_t number = add(held, isBigEndian_ ? elementSize : 1);
	if (!id.part)
		return { number, 0, id.count * elementSize };
	if (id.part->offset > id.count || id.part->count > id.count - id.part->offset)
		graph.fail(value, "a part reaches beyond the end of its storage");
	return { number, id.part->offset * elementSize, id.part->count * elementSize };
}

std::size_t TorchStorages::add(Held &held, std::size_t swappedSize)
{
	const auto [place, isNew] = held.numbers.try_emplace(swappedSize);
	if (isNew) {
		Storage storage = held.storage;
		storage.swappedSize = swappedSize;
		place->second = storages_.add(std::move(storage));
	}
	return place->second;
}

} /* namespace fm */
