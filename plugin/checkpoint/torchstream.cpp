/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/bytereader.h"
#include "checkpoint/fileformat.h"
#include "checkpoint/tensornames.h"

#include <algorithm>
#include <array>

namespace fm {

namespace {

/* 0x1950a86a20f9469cfc6c, as a pickled number */
constexpr std::array<uint8_t, 10> magic = { 0x6c, 0xfc, 0x9c, 0x46, 0xf9,
	                                    0x20, 0x6a, 0xa8, 0x50, 0x19 };
constexpr std::size_t magicReach = 32;
constexpr int64_t protocolVersion = 1001;

void checkVersion(ByteReader &reader)
{
	const pickle::Graph version = pickle::read(reader);
	const int64_t *number = version.as<int64_t>(version.root);
	if (!number || *number != protocolVersion)
		reader.fail("not version 1001 of the stream format");
}

/** \brief Bytes of an element of each storage */
std::unordered_map<std::string, std::size_t> findElementSizes(const pickle::Graph &graph)
{
	std::unordered_map<std::string, std::size_t> sizes;
	for (const TorchStorageId &id : findStorageIds(graph)) {
		if (elementSizeOf(id) == 0)
			throw FormatError(Error::Kind::Unsupported,
			                  "holds numbers of a type that is not known",
			                  "stream: " + std::string(id.typeName));
		sizes[id.key] = elementSizeOf(id);
	}
	return sizes;
}

/** \brief For each key of the list that comes first: a count of elements, then the elements */
void holdStorages(ByteReader &reader, const pickle::Graph &graph, TorchStorages &storages)
{
	const auto elementSizes = findElementSizes(graph);
	const pickle::Graph keys = pickle::read(reader);
	for (const pickle::ValueId item : keys.items(keys.root)) {
		const std::optional<std::string> key = keys.text(item);
		const auto found = key ? elementSizes.find(*key) : elementSizes.end();
		if (found == elementSizes.end())
			reader.fail("a storage that no tensor uses");
		const uint64_t count = reader.number<uint64_t>();
		if (count > reader.remaining() / found->second)
			reader.fail("storage '" + *key + "' has " + std::to_string(count) +
			            " elements, " + std::to_string(reader.remaining()) +
			            " bytes are left");
		const std::string name = "stream, byte " + std::to_string(reader.position());
		const auto bytes = reader.take(count * found->second);
		storages.hold(*key, { name, bytes, bytes.size() });
	}
}

} /* namespace */

bool isTorchStream(std::span<const std::byte> file)
{
	const auto start = file.first(std::min(file.size(), magicReach));
	return !std::ranges::search(start, std::as_bytes(std::span(magic))).empty();
}

FileTensors readTorchStream(std::span<const std::byte> file)
{
	ByteReader reader(file, "stream");
	pickle::read(reader); /* the magic number */
	checkVersion(reader);
	/* What the machine was like; whatever it was, PyTorch writes little-endian numbers. */
	pickle::read(reader);
	const pickle::Graph graph = pickle::read(reader);
	Storages storages(file.size());
	TorchStorages held(storages, false);
	holdStorages(reader, graph, held);
	auto [tensors, unread] = nameTensors(graph, held, storages);
	return { std::move(tensors), std::move(unread), std::move(storages) };
}

} /* namespace fm */
