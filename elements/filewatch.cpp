/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "filewatch.h"

#include <utility>

bool FileWatch::look(const fm::FileVersion &known)
{
	fm::FileVersion now = fm::FileVersion::of(known.name);
	const Clock::time_point time = Clock::now();
	if (now != seen_) {
		seen_ = std::move(now);
		since_ = time;
		return false;
	}
	return seen_.exists() && seen_ != known && time - since_ >= settling &&
	       !fm::isBeingWritten(known.name);
}
