/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "frame/size.h"
#include "settings.h"

namespace fm {

/** \brief Columns and rows of a mosaic, and the pixels between its tiles */
struct Grid {
	int columns, rows, gap;

	/** \brief The grid of \a settings for \a channels tiles, where 0 means as many as they need
	 */
	static Grid of(const ViewSettings &settings, int channels);

	int cells() const { return columns * rows; }
	bool operator==(const Grid &) const = default;
};

/** \brief Where the tiles of a mosaic lie, in pixels */
struct MosaicLayout {
	Size size; /**< Of the whole picture, spare pixels included */
	Size tile;
	Grid grid;
	int left, top;  /**< Of the first tile */
	int header = 0; /**< Rows at the top that are left to a line of text */

	bool operator==(const MosaicLayout &) const = default;

	int x(int k) const { return left + k % grid.columns * (tile.width + grid.gap); }
	int y(int k) const { return top + k / grid.columns * (tile.height + grid.gap); }

	/**
	 * \brief A mosaic about \a width pixels wide, tiles in the aspect ratio of \a video
	 *
	 * Tile width = floor((width - (columns-1)*gap) / columns), tile height = round(tile width *
	 * video height / video width); both sides of the picture are rounded up to even numbers.
	 * \throws Error BadSetting where the tiles would have no pixels, or the picture too many
	 */
	static MosaicLayout ofWidth(int width, Size video, Grid grid);

	/** \brief The same with the height given: the widest mosaic that is no higher */
	static MosaicLayout ofHeight(int height, Size video, Grid grid);

	/**
	 * \brief The largest tiles that fit into \a size, the grid centred
	 * \throws Error BadSetting where not even tiles of one pixel fit
	 */
	static MosaicLayout inside(Size size, Size video, Grid grid);
};

/** \brief Longest side of a picture, in pixels */
constexpr int maxPictureSide = 32768;

} /* namespace fm */
