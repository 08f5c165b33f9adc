/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "checkpoint/storage.h"

#include <optional>
#include <unordered_map>

namespace fm {

class ByteReader;

/** \brief The entries of a zip archive (zip64 too), by name; all its errors are FormatErrors */
class ZipArchive
{
public:
	/** \param file The whole archive; must outlive what find() returns */
	explicit ZipArchive(std::span<const std::byte> file);

	bool contains(const std::string &name) const { return entries_.contains(name); }

	std::vector<std::string> names() const;

	/** \brief The top folder ("model/") in which there is an entry \a name, "" if at the top */
	std::optional<std::string> findFolderOf(const std::string &name) const;

	/** \brief An entry, as it is stored or deflated in the file */
	Storage find(const std::string &name) const;

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

	std::span<const std::byte> file_;
	std::unordered_map<std::string, Entry> entries_;
};

} /* namespace fm */
