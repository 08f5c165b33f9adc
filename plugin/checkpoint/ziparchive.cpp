/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/ziparchive.h"

#include "checkpoint/bytereader.h"

#include <algorithm>

namespace fm {

namespace {

/* Sizes and signatures as in PKWARE's APPNOTE.TXT, section 4.3. */
constexpr uint32_t localSignature = 0x04034b50;
constexpr uint32_t centralSignature = 0x02014b50;
constexpr uint32_t endSignature = 0x06054b50;
constexpr uint32_t end64Signature = 0x06064b50;
constexpr uint32_t locator64Signature = 0x07064b50;
constexpr std::size_t endSize = 22;
constexpr std::size_t locator64Size = 20;
constexpr std::size_t longestComment = 0xffff;
constexpr uint16_t zip64ExtraField = 1;
constexpr uint32_t inZip64 = 0xffffffff;
constexpr uint16_t encryptedFlag = 1;
constexpr uint16_t storedMethod = 0;
constexpr uint16_t deflatedMethod = 8;

void expectSignature(ByteReader &reader, uint32_t signature, const char *what)
{
	if (reader.number<uint32_t>() != signature)
		reader.fail(std::string("no ") + what);
}

std::size_t findEnd(std::span<const std::byte> file)
{
	const std::size_t reach = std::min(file.size(), endSize + longestComment);
	for (std::size_t length = endSize; length <= reach; length++) {
		const std::size_t position = file.size() - length;
		if (ByteReader(file.subspan(position), "zip end").number<uint32_t>() ==
		    endSignature)
			return position;
	}
	throwDamaged("zip archive: no end of central directory in the last " +
	             std::to_string(reach) + " of " + std::to_string(file.size()) + " bytes");
}

struct DirectoryPlace {
	uint64_t size;
	uint64_t offset;
};

DirectoryPlace readEnd64(ByteReader &reader)
{
	reader.take(4);
	reader.seek(reader.number<uint64_t>());
	expectSignature(reader, end64Signature, "zip64 end of central directory");
	reader.take(36);
	const uint64_t size = reader.number<uint64_t>();
	return { size, reader.number<uint64_t>() };
}

DirectoryPlace findDirectory(std::span<const std::byte> file)
{
	ByteReader reader(file, "zip archive");
	const std::size_t end = findEnd(file);
	if (end >= locator64Size) {
		reader.seek(end - locator64Size);
		if (reader.number<uint32_t>() == locator64Signature)
			return readEnd64(reader);
	}
	reader.seek(end + 12);
	const uint32_t size = reader.number<uint32_t>();
	return { size, reader.number<uint32_t>() };
}

/** \brief The zip64 field of a central header's extra fields, empty if there is none */
ByteReader zip64Field(std::span<const std::byte> extra)
{
	ByteReader fields(extra, "zip extra fields");
	while (fields.remaining() >= 4) {
		const uint16_t id = fields.number<uint16_t>();
		const auto content = fields.take(fields.number<uint16_t>());
		if (id == zip64ExtraField)
			return ByteReader(content, "zip64 field");
	}
	return ByteReader({}, "zip64 field");
}

} /* namespace */

ZipArchive::ZipArchive(std::span<const std::byte> file) : file_(file)
{
	const DirectoryPlace place = findDirectory(file);
	ByteReader archive(file, "zip archive");
	archive.seek(place.offset);
	ByteReader directory(archive.take(place.size), "zip central directory");
	while (directory.remaining())
		readEntry(directory);
}

void ZipArchive::readEntry(ByteReader &directory)
{
	Entry entry;
	expectSignature(directory, centralSignature, "entry");
	directory.take(4);
	entry.flags = directory.number<uint16_t>();
	entry.method = directory.number<uint16_t>();
	directory.take(4);
	entry.checksum = directory.number<uint32_t>();
	entry.packedSize = directory.number<uint32_t>();
	entry.size = directory.number<uint32_t>();
	const uint16_t nameSize = directory.number<uint16_t>();
	const uint16_t extraSize = directory.number<uint16_t>();
	const uint16_t commentSize = directory.number<uint16_t>();
	directory.take(8);
	entry.headerOffset = directory.number<uint32_t>();
	std::string name(directory.text(nameSize));
	ByteReader large = zip64Field(directory.take(extraSize));
	directory.take(commentSize);

	/* The field holds those of the three that do not fit in 32 bits, in this order. */
	for (uint64_t *value : { &entry.size, &entry.packedSize, &entry.headerOffset })
		if (*value == inZip64)
			*value = large.number<uint64_t>();
	entries_.insert_or_assign(std::move(name), entry);
}

std::vector<std::string> ZipArchive::names() const
{
	std::vector<std::string> names;
	names.reserve(entries_.size());
	for (const auto &[name, entry] : entries_)
		names.push_back(name);
	return names;
}

std::optional<std::string> ZipArchive::findFolderOf(const std::string &name) const
{
	if (contains(name))
		return "";
	for (const auto &[path, entry] : entries_) {
		const std::size_t folderSize = path.find('/') + 1;
		if (folderSize && path.compare(folderSize, std::string::npos, name) == 0)
			return path.substr(0, folderSize);
	}
	return std::nullopt;
}

Storage ZipArchive::find(const std::string &name) const
{
	const auto found = entries_.find(name);
	if (found == entries_.end())
		throwDamaged("zip archive: no entry '" + name + "'");
	const Entry &entry = found->second;
	const auto packed = packedBytes(entry);
	const std::string place =
		"zip entry '" + name + "', byte " + std::to_string(packed.data() - file_.data());
	if (entry.flags & encryptedFlag)
		throw FormatError(Error::Kind::Unsupported, "is encrypted", place);
	if (entry.method != storedMethod && entry.method != deflatedMethod)
		throw FormatError(Error::Kind::Unsupported,
		                  "is compressed in a way that is not handled; "
		                  "only stored and deflated entries are",
		                  place + ": method " + std::to_string(entry.method));
	const auto packing = entry.method == deflatedMethod ? Storage::Packing::Deflated
	                                                    : Storage::Packing::None;
	return { place, packed, entry.size, packing, entry.checksum };
}

std::span<const std::byte> ZipArchive::packedBytes(const Entry &entry) const
{
	ByteReader reader(file_, "zip archive");
	reader.seek(entry.headerOffset);
	expectSignature(reader, localSignature, "local header of an entry");
	reader.take(22);
	const uint16_t nameSize = reader.number<uint16_t>();
	const uint16_t extraSize = reader.number<uint16_t>();
	reader.take(nameSize);
	reader.take(extraSize);
	return reader.take(entry.packedSize);
}

} /* namespace fm */
