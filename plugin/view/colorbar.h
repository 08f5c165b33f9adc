/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <algorithm>

#include "frame/size.h"
#include "label.h"
#include "pixel.h"
#include "settings.h"

namespace fm {

/**
 * \brief What the colours of a picture mean: a strip along the lower edge of its tiles
 *
 * On each tile that is wide enough for a label; where all have one range, on the first alone. The
 * colours of components are not those of a colour map, and a video has none.
 */
struct ColorBar {
	int tiles = 0;  /**< So many have one, the first of the picture */
	int height = 0; /**< In pixels */

	/** \brief Of a picture of \a settings that has \a tiles tiles of \a size */
	static ColorBar of(const ViewSettings &settings, Size size, int tiles)
	{
		constexpr int least = 4;
		constexpr int most = 12;
		if (!settings.colorbar || settings.view == View::Pca ||
		    settings.view == View::Video || size.width < minLabelledWidth)
			return {};
		const int wanted = std::clamp(size.height / 24, least, most);
		return { sharesRange(settings.normalize) ? std::min(tiles, 1) : tiles,
			 std::min(wanted, size.height / 4) };
	}

	/** \brief Whether row \a y of tile \a k, of \a size, is one of the bar's */
	FM_HOST_DEVICE bool covers(Size size, int k, int y) const
	{
		return k < tiles && y >= size.height - height;
	}

	bool operator==(const ColorBar &) const = default;
};

/**
 * \brief The entry of the colour map for column \a x of a bar of \a width columns
 *
 * Values grow from one end of \a range in the first column to the other in the last, each in the
 * colour that it has on the tile; so where there is but one value, there is but one colour.
 */
FM_HOST_DEVICE inline int barIndex(int x, int width, Range range, float gamma)
{
	if (range.low == range.high)
		return 0;
	const float t = width > 1 ? static_cast<float>(x) / static_cast<float>(width - 1) : 0.0f;
	return colorIndex(t, { 0.0f, 1.0f }, gamma);
}

} /* namespace fm */
