/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <compare>
#include <string>

#include <sys/types.h>

namespace fm {

/** \brief A file as it is: another one under its name, or another content, is another version */
struct FileVersion {
	std::string name;
	dev_t device = 0;
	ino_t inode = 0; /**< 0: there is no such file */
	off_t size = 0;
	time_t seconds = 0; /**< Of the last change */
	long nanoseconds = 0;

	auto operator<=>(const FileVersion &) const = default;
	bool exists() const { return inode != 0; }

	static FileVersion of(const std::string &file);
};

/** \brief Whether somebody has \a file open for writing; false where the system does not tell */
bool isBeingWritten(const std::string &file);

} /* namespace fm */
