/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boxes.h"

#include <algorithm>
#include <cstdint>

namespace fm {

namespace {

/* Shares of an axis of \a padded pixels that pixels of the frame's become. */
struct Axis {
	int frame, resized, padded;

	float share(int64_t pixel) const
	{
		const auto onFrame = static_cast<double>(std::clamp<int64_t>(pixel, 0, frame));
		return static_cast<float>(onFrame * resized /
		                          (static_cast<double>(frame) * padded));
	}
};

} /* namespace */

Boxes Boxes::of(std::span<const Region> regions, Size frame, const InputShape &input)
{
	const Axis across = { frame.width, input.resized.width, input.padded.width };
	const Axis down = { frame.height, input.resized.height, input.padded.height };
	Boxes boxes;
	for (const Region &region : regions) {
		const Box box = { across.share(region.x), down.share(region.y),
			          across.share(int64_t{ region.x } + region.width),
			          down.share(int64_t{ region.y } + region.height) };
		if (box.left < box.right && box.top < box.bottom && boxes.count < most)
			boxes.at[boxes.count++] = box;
	}
	return boxes;
}

} /* namespace fm */
