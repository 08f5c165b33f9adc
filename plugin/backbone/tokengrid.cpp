/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tokengrid.h"

#include <algorithm>

namespace fm {

namespace {

constexpr int patchSides[] = { 4, 8, 14, 16, 32 };
constexpr int64_t mostLeading = 9; /* A class token and eight registers. */

void add(std::vector<TokenGrid> &grids, int64_t tokens, Size size)
{
	const int64_t leading = tokens - int64_t{ size.width } * size.height;
	if (size.width < 1 || size.height < 1 || leading < 0 || leading > mostLeading)
		return;
	const TokenGrid grid = { size, static_cast<int>(leading) };
	if (std::ranges::find(grids, grid) == grids.end())
		grids.push_back(grid);
}

} /* namespace */

std::vector<TokenGrid> tokenGrids(int64_t tokens, Size image)
{
	std::vector<TokenGrid> exact, rounded;
	for (const int side : patchSides) {
		const Size down = { image.width / side, image.height / side };
		const bool fits = image.width % side == 0 && image.height % side == 0;
		add(fits ? exact : rounded, tokens, down);
		if (!fits)
			add(rounded, tokens,
			    { (image.width + side - 1) / side, (image.height + side - 1) / side });
	}
	return exact.empty() ? rounded : exact;
}

} /* namespace fm */
