/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <chrono>

#include "fileversion.h"

/** \brief Finds out, by looking at it now and then, when a file has changed and is whole again */
class FileWatch
{
public:
	/** \brief How often to look; by looking, as network file systems tell of no changes */
	static constexpr std::chrono::milliseconds interval{ 250 };
	/** \brief How long a file has to stay the same: who writes in place takes pauses */
	static constexpr std::chrono::milliseconds settling{ 1000 };

	/**
	 * \brief Whether the file of \a known is another version by now, and has settled
	 *
	 * One that is not there is not: it may be about to be replaced.
	 */
	bool look(const fm::FileVersion &known);

private:
	using Clock = std::chrono::steady_clock;

	fm::FileVersion seen_;
	Clock::time_point since_; /* When it was first seen so. */
};
