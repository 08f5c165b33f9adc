/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/filelease.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>

namespace fm {

/* Who waits is told of by a signal: not by SIGIO, which ends processes that do not expect it, but
 * by one that is ignored. */
FileLease leaseForReading(int descriptor)
{
	if (fcntl(descriptor, F_SETSIG, SIGURG) != 0)
		return FileLease::Unsupported;
	if (fcntl(descriptor, F_SETLEASE, F_RDLCK) == 0)
		return FileLease::Held;
	return errno == EAGAIN ? FileLease::BeingWritten : FileLease::Unsupported;
}

} /* namespace fm */
