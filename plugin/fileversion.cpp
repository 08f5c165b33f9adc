/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fileversion.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpoint/filelease.h"

namespace fm {

FileVersion FileVersion::of(const std::string &file)
{
	struct stat status = {};
	if (file.empty() || stat(file.c_str(), &status) != 0)
		return { .name = file };
	return { file,           status.st_dev,         status.st_ino,
		 status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec };
}

bool isBeingWritten(const std::string &file)
{
	struct stat status = {};
	if (stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
		return false;
	const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (descriptor < 0)
		return false;
	const bool isWritten = leaseForReading(descriptor) == FileLease::BeingWritten;
	close(descriptor);
	return isWritten;
}

} /* namespace fm */
