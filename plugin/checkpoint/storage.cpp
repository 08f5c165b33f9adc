/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/storage.h"

#include "checkpoint/formaterror.h"

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

void checkSize(const Storage &storage)
{
	const uint64_t packed = storage.packed.size();
	if (storage.packing == Storage::Packing::None) {
		if (storage.size != packed)
			throwDamaged(storage.name + ": " + std::to_string(storage.size) +
			             " bytes expected, " + std::to_string(packed) + " there");
		return;
	}
	if (storage.size / mostPerDeflatedByte > packed)
		throwDamaged(storage.name + ": " + std::to_string(packed) +
		             " bytes cannot unpack to " + std::to_string(storage.size));
}

} /* namespace */

Storages::Storages(uint64_t fileSize) : allowed_(unpackedAllowance + unpackedPerByte * fileSize) {}

std::size_t Storages::add(Storage storage)
{
	checkSize(storage);
	if (storage.packing != Storage::Packing::None) {
		constexpr uint64_t most = std::numeric_limits<uInt>::max();
		if (storage.size > allowed_ || storage.size > most || storage.packed.size() > most)
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
	if (item.storage.packing == Storage::Packing::None)
		return item.storage.packed;
	if (!item.unpacked) {
		auto unpacked = std::make_unique_for_overwrite<std::byte[]>(item.storage.size);
		inflate(item.storage, { unpacked.get(), item.storage.size });
		item.unpacked = std::move(unpacked);
	}
	return { item.unpacked.get(), item.storage.size };
}

} /* namespace fm */
