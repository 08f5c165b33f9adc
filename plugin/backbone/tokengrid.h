/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <vector>

#include "frame/size.h"

namespace fm {

/** \brief A transformer's tokens: one for each patch of an image, row by row, behind others */
struct TokenGrid {
	Size size;   /**< Patches in a row, and rows */
	int leading; /**< Tokens before them, for a class or as registers */

	bool operator==(const TokenGrid &) const = default;
};

/**
 * \brief What \a tokens tokens of an image of \a image pixels may be
 *
 * Patches have 4, 8, 14, 16 or 32 pixels a side. Those that do not fit at the edges are left out or
 * padded, which counts only where no size of patch fits exactly. None to 9 tokens go before them.
 */
std::vector<TokenGrid> tokenGrids(int64_t tokens, Size image);

} /* namespace fm */
