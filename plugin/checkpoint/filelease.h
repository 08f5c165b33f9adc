/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

namespace fm {

enum class FileLease {
	Held,
	BeingWritten, /**< Somebody has the file open for writing */
	Unsupported,  /**< By the file system, or for another user's file */
};

/**
 * \brief Makes who opens a file for writing, or truncates it, wait until \a descriptor is closed
 *
 * Reading from a mapping beyond the end of a file that somebody has truncated ends the process. The
 * kernel waits for 45 s at most (/proc/sys/fs/lease-break-time).
 */
FileLease leaseForReading(int descriptor);

} /* namespace fm */
