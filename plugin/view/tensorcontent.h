/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <vector>

#include "backbone/level.h"
#include "frame/size.h"

namespace fm {

/** \brief What a tensor is of, [channels, height, width]: maps of a level, one behind the other */
struct TensorContent {
	Level level = {};
	std::vector<int> channels = {}; /**< Of the level, in the order that was chosen */
	Size size = {};                 /**< Of each map */

	std::size_t values() const
	{
		return channels.size() * static_cast<std::size_t>(size.width) * size.height;
	}
};

} /* namespace fm */
