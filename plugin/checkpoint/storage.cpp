/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/storage.h"

#include "checkpoint/formaterror.h"

#include <algorithm>
#include <limits>
#include <zlib.h>

namespace fm {

namespace {

/* Trained weights hardly shrink, so a file that grows more than this is meant to do harm. */
constexpr uint64_t unpackedAllowance = 64 << 20;
constexpr uint64_t unpackedPerByte = 20;

/* Two bits of a deflated stream can stand for 258 bytes, not more. */
constexpr uint64_t mostPerDeflatedByte = 1032;

/** \brief One call of zlib for everything: the sizes are known, and zlib counts in 32 bits */
bool inflateExactly(std::span<const std::byte> packed, std::span<std::byte> unpacked)
{
	z_stream stream = {};
	if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
		throw std::bad_alloc();
	stream.next_in = const_cast<Bytef *>(reinterpret_cast<const Bytef *>(packed.data()));
	stream.avail_in = static_cast<uInt>(packed.size());
	stream.next_out = reinterpret_cast<Bytef *>(unpacked.data());
	stream.avail_out = static_cast<uInt>(unpacked.size());
	const int result = inflate(&stream, Z_FINISH);
	inflateEnd(&stream);
	return result == Z_STREAM_END && stream.avail_in == 0 && stream.avail_out == 0;
}

void inflate(const Storage &storage, std::span<std::byte> unpacked)
{
	if (!inflateExactly(storage.packed, unpacked))
		throwDamaged(storage.name + ": does not unpack to " + std::to_string(storage.size) +
		             " bytes");
	if (crc32_z(0, reinterpret_cast<const Bytef *>(unpacked.data()), unpacked.size()) !=
	    storage.checksum)
		throwDamaged(storage.name + ": wrong checksum");
}

void unpack(const Storage &storage, std::span<std::byte> unpacked)
{
	const pickle::Text text = { { reinterpret_cast<const char *>(storage.packed.data()),
		                      storage.packed.size() },
		                    storage.notation };
	switch (storage.packing) {
	case Storage::Packing::None:
		std::ranges::copy(storage.packed, unpacked.begin());
		break;
	case Storage::Packing::Deflated:
		inflate(storage, unpacked);
		break;
	case Storage::Packing::Text:
		if (!pickle::encodeLatin1(text, unpacked))
			throwDamaged(storage.name + ": not the text of " +
			             std::to_string(storage.size) + " bytes");
		break;
	}
}

void swapBytes(std::span<std::byte> numbers, std::size_t size)
{
	for (; numbers.size() >= size; numbers = numbers.subspan(size))
		std::ranges::reverse(numbers.first(size));
}

bool liesReady(const Storage &storage)
{
	return storage.packing == Storage::Packing::None && storage.swappedSize == 1;
}

bool canHaveItsSize(const Storage &storage)
{
	const uint64_t packed = storage.packed.size();
	switch (storage.packing) {
	case Storage::Packing::None:
		return storage.size == packed;
	case Storage::Packing::Deflated:
		return storage.size / mostPerDeflatedByte <= packed;
	case Storage::Packing::Text:
		break;
	}
	return storage.size <= packed;
}

/** \brief zlib counts in 32 bits */
bool isTooLargeForZlib(const Storage &storage)
{
	constexpr uint64_t most = std::numeric_limits<uInt>::max();
	return storage.packing == Storage::Packing::Deflated &&
	       (storage.size > most || storage.packed.size() > most);
}

} /* namespace */

Storages::Storages(uint64_t fileSize) : allowed_(unpackedAllowance + unpackedPerByte * fileSize) {}

std::size_t Storages::add(Storage storage)
{
	if (!canHaveItsSize(storage))
		throwDamaged(storage.name + ": " + std::to_string(storage.packed.size()) +
		             " bytes cannot be the " + std::to_string(storage.size) +
		             " that are expected");
	if (!liesReady(storage)) {
		if (storage.size > allowed_ || isTooLargeForZlib(storage))
			throw FormatError(Error::Kind::Unsupported,
			                  "is compressed so much that it is not safe to unpack",
			                  storage.name + ": " +
			                          std::to_string(storage.packed.size()) +
			                          " bytes become " + std::to_string(storage.size));
		allowed_ -= storage.size;
	}
	items_.push_back({ std::move(storage), nullptr });
	return items_.size() - 1;
}

std::span<const std::byte> Storages::bytes(std::size_t number)
{
	Item &item = items_.at(number);
	if (liesReady(item.storage))
		return item.storage.packed;
	if (!item.unpacked) {
		auto unpacked = std::make_unique_for_overwrite<std::byte[]>(item.storage.size);
		const std::span<std::byte> bytes(unpacked.get(), item.storage.size);
		unpack(item.storage, bytes);
		if (item.storage.swappedSize > 1)
			swapBytes(bytes, item.storage.swappedSize);
		item.unpacked = std::move(unpacked);
	}
	return { item.unpacked.get(), item.storage.size };
}

} /* namespace fm */
