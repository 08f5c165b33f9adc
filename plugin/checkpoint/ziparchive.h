/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace fm {

class ByteReader;

/** \brief The entries of a zip archive (zip64 too), by name; all its errors are FormatErrors */
class ZipArchive
{
public:
	/** \param file The whole archive; must outlive this object and what read() returns */
	explicit ZipArchive(std::span<const std::byte> file);

	bool contains(const std::string &name) const { return entries_.contains(name); }

	/** \brief The top folder ("model/") in which there is an entry \a name, "" if at the top */
	std::optional<std::string> findFolderOf(const std::string &name) const;

	/**
	 * \brief An entry's bytes, where they lie in the file
	 *
	 * Those of a compressed entry are unpacked and belong to the archive, or to the one who
	 * calls releaseUnpacked().
	 */
	std::span<const std::byte> read(const std::string &name);

	/** \brief Hands over the memory of all compressed entries that were read */
	std::vector<std::vector<std::byte>> releaseUnpacked() { return std::move(unpacked_); }

private:
	struct Entry {
		uint16_t flags;
		uint16_t method;
		uint32_t checksum;
		uint64_t packedSize;
		uint64_t size;
		uint64_t headerOffset;
	};

	void readEntry(ByteReader &directory);
	std::span<const std::byte> packedBytes(const Entry &entry) const;
	std::span<const std::byte> unpack(const std::string &name, const Entry &entry);

	std::span<const std::byte> file_;
	std::unordered_map<std::string, Entry> entries_;
	std::vector<std::vector<std::byte>> unpacked_;
	uint64_t unpackedSize_ = 0;
};

} /* namespace fm */
