/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace fm {

/**
 * \brief A whole file in memory, read-only; pages are read from disk when they are used
 *
 * Who would write to the file meanwhile waits. Where the system has no lease for that, or the file
 * is being written already, it is copied instead, if it has 1 GiB at most: a mapped page that is no
 * longer in the file ends the process.
 */
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
	std::unique_ptr<std::byte[]> copy_; /* What they are in, where the file is not mapped. */
	int lease_ = -1; /* A descriptor, which holds it while it is open; -1: there is none. */
};

} /* namespace fm */
