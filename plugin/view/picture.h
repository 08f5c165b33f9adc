/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "backdrop.h"
#include "boxes.h"
#include "colorbar.h"
#include "header.h"
#include "labelpixel.h"
#include "layout.h"
#include "maps.h"
#include "rangeline.h"
#include "ranges.h"
#include "settings.h"

namespace fm {

/** \brief A tile of a mosaic, as a kernel reads it */
struct TileParameters {
	int place;   /**< Of its map among those computed */
	int channel; /**< Of the level */
	int first;   /**< The first tile of the same channel */
	LabelView label;
	LabelView deadLabel; /**< Where the map is constant */
};

/** \brief What a view keeps on the device from frame to frame, and between the kernels of one */
struct ViewMemory {
	unsigned *limits;  /**< By place, smallest and largest value as orderedKey() */
	Range *found;      /**< By tile, smallest and largest value */
	Range *ranges;     /**< By tile, from the first colour to the last */
	Range *running;    /**< By channel; low is not a number where none is known yet */
	RangeText *texts;  /**< By tile, its range, where that may be written */
	RangeText *header; /**< The range of all tiles */
};

/** \brief What kernels read to make a picture; they find it, and all it points to, on the device */
struct PictureParameters {
	Frame output;
	View content; /**< As a Panel's */
	Backdrop backdrop;
	MosaicLayout layout;
	Interpolation interpolation;
	float gamma;
	Normalize normalize;
	Range fixed; /**< For Normalize::Fixed */
	/** \brief No more than the layout's grid has cells, but for the three components of Pca */
	int tileCount;
	const TileParameters *tiles;
	const Rgba8 *palette; /**< 257 colours, by colorIndex() + 1 */
	RangeLineView rangeLine;
	int rangeTexts; /**< So many tiles may have it, the first ones */
	ViewMemory memory;
	Boxes boxes;         /**< Whose outlines are drawn on each tile */
	CaptionView caption; /**< Over all of it */
	ColorBar bar;
	HeaderView header; /**< In the rows that the layout leaves to it */
};

/** \brief Of boxes on tiles */
FM_HOST_DEVICE constexpr Rgba8 outlineColor()
{
	return { 255, 255, 255, 255 };
}

/** \brief Where a place of a mosaic lies: a tile, and the place in it */
struct TilePlace {
	int tile; /**< -1 where there is none */
	int x, y;
};

FM_HOST_DEVICE inline TilePlace tileAt(const MosaicLayout &layout, int x, int y)
{
	const int right = x - layout.left;
	const int down = y - layout.top;
	if (right < 0 || down < 0)
		return { -1, 0, 0 };
	const int column = right / (layout.tile.width + layout.grid.gap);
	const int row = down / (layout.tile.height + layout.grid.gap);
	const int inX = right - column * (layout.tile.width + layout.grid.gap);
	const int inY = down - row * (layout.tile.height + layout.grid.gap);
	if (column >= layout.grid.columns || row >= layout.grid.rows || inX >= layout.tile.width ||
	    inY >= layout.tile.height)
		return { -1, 0, 0 };
	return { row * layout.grid.columns + column, inX, inY };
}

/** \brief Whether each pixel of a tile has to be looked at for itself: not just its map's values */
FM_HOST_DEVICE inline bool isDrawnByPixel(View content)
{
	return content == View::Overlay || content == View::Video || content == View::Pca;
}

template<typename T>
FM_HOST_DEVICE inline float sampleTile(const BasicMapView<T> &map, Size tile, int x, int y,
                                       Interpolation interpolation)
{
	if (interpolation == Interpolation::Nearest)
		return map.at(nearestIndex(x, map.width, tile.width),
		              nearestIndex(y, map.height, tile.height));
	return sampleLinear(map, linearTap(x, map.width, tile.width),
	                    linearTap(y, map.height, tile.height));
}

/** \brief The entry of the colour map for a place of a tile, of those that are computed */
template<typename T>
FM_HOST_DEVICE inline int tileIndex(const PictureParameters &picture,
                                    const BasicFeatureMaps<T> &maps, TilePlace at)
{
	const float value = sampleTile(maps.map(picture.tiles[at.tile].place), picture.layout.tile,
	                               at.x, at.y, picture.interpolation);
	return colorIndex(value, picture.memory.ranges[at.tile], picture.gamma);
}

/** \brief A place of a tile without its label */
template<typename T>
FM_HOST_DEVICE inline Rgba8 tilePixel(const PictureParameters &picture,
                                      const BasicFeatureMaps<T> &maps, TilePlace at)
{
	if (picture.content == View::Pca) {
		const auto component = [&](int k) {
			return componentOf(tileIndex(picture, maps, { k, at.x, at.y }));
		};
		return { component(0), component(1), component(2), 255 };
	}
	const int index = tileIndex(picture, maps, at);
	const Rgba8 color = picture.palette[index + 1];
	if (picture.content != View::Overlay)
		return color;
	return overBackdrop(scaledPixel(picture.backdrop.video, picture.layout.tile, at.x, at.y),
	                    color, index, picture.backdrop);
}

/** \brief A place of a tile's colour bar */
FM_HOST_DEVICE inline Rgba8 barPixel(const PictureParameters &picture, TilePlace at)
{
	const Range range = picture.memory.ranges[at.tile];
	return picture.palette[barIndex(at.x, picture.layout.tile.width, range, picture.gamma) + 1];
}

/** \brief The pixel of a picture at \a x and \a y without its caption */
template<typename T>
FM_HOST_DEVICE inline Rgba8 pixelWithoutCaption(const PictureParameters &picture,
                                                const BasicFeatureMaps<T> &maps, int x, int y)
{
	if (y < picture.layout.header)
		return underLabel({ 0, 0, 0, 255 }, picture.header.at(picture.memory.header, x, y));
	const TilePlace at = tileAt(picture.layout, x, y);
	if (at.tile >= 0 && picture.content == View::Video) {
		const Rgb8 pixel =
			scaledPixel(picture.backdrop.video, picture.layout.tile, at.x, at.y);
		return { pixel.r, pixel.g, pixel.b, 255 };
	}
	/* What is drawn by pixel has one tile, whatever the grid is. */
	const int tiles = isDrawnByPixel(picture.content) ? 1 : picture.tileCount;
	if (at.tile < 0 || at.tile >= tiles)
		return { 0, 0, 0, 255 };

	const TileParameters &tile = picture.tiles[at.tile];
	Rgba8 pixel;
	if (picture.bar.covers(picture.layout.tile, at.tile, at.y))
		pixel = barPixel(picture, at);
	else if (picture.boxes.haveOnEdge(picture.layout.tile, at.x, at.y))
		pixel = outlineColor();
	else
		pixel = tilePixel(picture, maps, at);
	const Range found = picture.memory.found[at.tile];
	const LabelView &label = found.low == found.high ? tile.deadLabel : tile.label;
	if (label.covers(at.x, at.y))
		pixel = underLabel(pixel, label.at(at.x, at.y));
	if (picture.rangeLine.covers(at.tile, at.y))
		pixel = underLabel(pixel,
		                   picture.rangeLine.at(picture.memory.texts[at.tile], at.x, at.y));
	return pixel;
}

/** \brief The pixel of a picture at \a x and \a y: what drawMosaic() draws there */
template<typename T>
FM_HOST_DEVICE inline Rgba8 picturePixel(const PictureParameters &picture,
                                         const BasicFeatureMaps<T> &maps, int x, int y)
{
	const Rgba8 pixel = pixelWithoutCaption(picture, maps, x, y);
	return picture.caption.covers(x, y) ? underLabel(pixel, picture.caption.at(x, y)) : pixel;
}

/** \brief Whole numbers in the order of floats; those that are not a number are beyond the others
 */
FM_HOST_DEVICE inline unsigned orderedKey(unsigned bits)
{
	return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

/** \brief The bits of the float that \a key is of */
FM_HOST_DEVICE inline unsigned bitsOfKey(unsigned key)
{
	return (key & 0x80000000u) != 0 ? key & 0x7fffffffu : ~key;
}

} /* namespace fm */
