/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "colormap.h"
#include "frame/picture.h"
#include "maps.h"
#include "pixel.h"
#include "settings.h"

namespace fm {

/** \brief How the values of a map become colours */
struct TileStyle {
	Range range;
	float gamma;
	Colormap colormap;
	Interpolation interpolation;
};

/** \brief Draws the whole of \a map over \a tile; not-a-number is black */
void drawTile(const MapView &map, const TileStyle &style, const RgbView &tile);

} /* namespace fm */
