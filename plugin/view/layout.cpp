/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layout.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "error.h"

namespace fm {

namespace {

int roundUp(int value, int multiple)
{
	return (value + multiple - 1) / multiple * multiple;
}

int roundUpToEven(int64_t value)
{
	if (value > maxPictureSide)
		throw Error(Error::Kind::BadSetting, "The mosaic would be " +
		                                             std::to_string(value) +
		                                             " pixels on a side; choose fewer "
		                                             "columns or rows, or a smaller gap");
	return roundUp(static_cast<int>(value), 2);
}

int64_t span(int tiles, int64_t tile, int gap)
{
	return tiles * tile + int64_t{ tiles - 1 } * gap;
}

/* Of a tile that is \a width pixels wide; halves up, at least one pixel. */
int64_t tileHeight(int64_t width, Size video)
{
	const int64_t height = (2 * width * video.height + video.width) / (2 * video.width);
	return std::max<int64_t>(height, 1);
}

int64_t tileWidth(int64_t width, Grid grid)
{
	const int64_t free = width - int64_t{ grid.columns - 1 } * grid.gap;
	return free > 0 ? free / grid.columns : 0;
}

/* The widest tile whose column of rows is no higher than \a height; 0 where there is none. */
int64_t widestTile(int height, int64_t atMost, Size video, Grid grid)
{
	const auto fits = [&](int64_t width) {
		return span(grid.rows, tileHeight(width, video), grid.gap) <= height;
	};
	int64_t low = 0;
	int64_t high = atMost;
	while (low < high) {
		const int64_t middle = (low + high + 1) / 2;
		if (fits(middle))
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

[[noreturn]] void throwTooSmall(const std::string &side, Grid grid)
{
	throw Error(Error::Kind::BadSetting, side + " leaves no pixel for a tile in a grid of " +
	                                             std::to_string(grid.columns) +
	                                             " columns and " + std::to_string(grid.rows) +
	                                             " rows with a gap of " +
	                                             std::to_string(grid.gap));
}

} /* namespace */

Grid Grid::of(const ViewSettings &settings, int channels)
{
	const auto needed = [&](int other) { return std::max(1, (channels + other - 1) / other); };
	int columns = static_cast<int>(settings.columns);
	int rows = static_cast<int>(settings.rows);

	if (columns == 0)
		columns = rows != 0 ? needed(rows)
		                    : std::max(1, static_cast<int>(std::ceil(std::sqrt(channels))));
	if (rows == 0)
		rows = needed(columns);
	return { columns, rows, static_cast<int>(settings.gap) };
}

MosaicLayout MosaicLayout::ofWidth(int width, Size video, Grid grid)
{
	const int64_t tile = tileWidth(width, grid);
	if (tile == 0)
		throwTooSmall("A width of " + std::to_string(width) + " pixels", grid);

	const int64_t height = span(grid.rows, tileHeight(tile, video), grid.gap);
	const Size size = { roundUpToEven(width), roundUpToEven(height) };
	return { size,
		 { static_cast<int>(tile), static_cast<int>(tileHeight(tile, video)) },
		 grid,
		 0,
		 0 };
}

MosaicLayout MosaicLayout::ofHeight(int height, Size video, Grid grid)
{
	const int64_t tile = widestTile(height, maxPictureSide, video, grid);
	if (tile == 0)
		throwTooSmall("A height of " + std::to_string(height) + " pixels", grid);

	const Size size = { roundUpToEven(span(grid.columns, tile, grid.gap)), height };
	return inside(size, video, grid);
}

MosaicLayout MosaicLayout::inside(Size size, Size video, Grid grid)
{
	const int64_t width = widestTile(size.height, tileWidth(size.width, grid), video, grid);
	if (width == 0)
		throwTooSmall("A picture of " + std::to_string(size.width) + "x" +
		                      std::to_string(size.height) + " pixels",
		              grid);

	const Size tile = { static_cast<int>(width), static_cast<int>(tileHeight(width, video)) };
	const int left =
		static_cast<int>(size.width - span(grid.columns, tile.width, grid.gap)) / 2;
	const int top = static_cast<int>(size.height - span(grid.rows, tile.height, grid.gap)) / 2;
	return { size, tile, grid, left, top };
}

} /* namespace fm */
