/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace fm {

/** \brief A whole file in memory, read-only; pages are read from disk when they are used */
class MappedFile
{
public:
	/** \throws Error NotFound; Unreadable for a folder, an empty file or a missing permission
	 */
	explicit MappedFile(const std::filesystem::path &file);
	~MappedFile();
	MappedFile(const MappedFile &) = delete;
	MappedFile &operator=(const MappedFile &) = delete;

	std::span<const std::byte> bytes() const { return bytes_; }

private:
	std::span<const std::byte> bytes_;
};

} /* namespace fm */
