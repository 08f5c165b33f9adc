/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <vector>

#include "backbone/level.h"

namespace fm {

/** \brief A level as tiles are of it */
struct DrawnLevel : Level {
	/**
	 * \brief What the tiles of each channel are called
	 *
	 * Of channel c of the level they are the channels c * n to c * n + n - 1 of this one, n
	 * being so many; none stands for one without a name.
	 */
	std::vector<std::string> parts = {};

	bool operator==(const DrawnLevel &) const = default;
};

} /* namespace fm */
