/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <vector>

#include "backdrop.h"
#include "boxes.h"
#include "colorbar.h"
#include "colormap.h"
#include "frame/frame.h"
#include "header.h"
#include "label.h"
#include "layout.h"
#include "maps.h"
#include "pixel.h"
#include "rangeline.h"
#include "settings.h"

namespace fm {

/** \brief How the values of maps become colours */
struct TileStyle {
	Colormap colormap;
	float gamma;
	Interpolation interpolation;
};

/** \brief A map as a tile of a mosaic */
struct Tile {
	MapView map;
	Range range;
	std::shared_ptr<const Label> label; /**< Or null */
};

/** \brief A panel as it is to be drawn. The maps are of one size, and belong to somebody else */
struct MosaicPicture {
	MosaicLayout layout;
	TileStyle style;
	/** \brief No more than the layout's grid has cells, but for the three components of Pca */
	std::vector<Tile> tiles;
	std::shared_ptr<const RangeLine> rangeLine = nullptr; /**< Or null */
	View content = View::Mosaic; /**< As a Panel's; a Video has no tiles */
	Backdrop backdrop = {};
	Boxes boxes = {};     /**< Whose outlines are drawn on each tile */
	Caption caption = {}; /**< Over all of it */
	ColorBar bar = {};
	std::shared_ptr<const Header> header = nullptr; /**< For the layout's, or null */
	Range headerRange = {};                         /**< That is written there */
};

/** \brief \a video in the one tile of \a layout */
MosaicPicture videoPicture(const MosaicLayout &layout, const Frame &video,
                           const Caption &caption = {});

/**
 * \brief Draws \a picture over the whole of \a output, which is of the layout's size
 *
 * Each map is drawn whole; what is not a number is black, and so is what is no tile.
 * \throws Error Internal for an output of another size or in a format that is not drawn
 */
void drawMosaic(const MosaicPicture &picture, const Frame &output);

} /* namespace fm */
