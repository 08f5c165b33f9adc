/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstdint>

#include "frame/pixel.h"
#include "settings.h"

namespace fm {

using Rgb = std::array<uint8_t, 3>;
using ColormapTable = std::array<Rgb, 256>;

/** \brief The 256 colours that matplotlib.colormaps[name](t, bytes=True) gives for t = (i+0.5)/256
 */
const ColormapTable &colormapTable(Colormap colormap);

/** \brief The colours by colorIndex() + 1: that of what is not a number, then the colour map's */
using Palette = std::array<Rgba8, 257>;

inline Palette paletteOf(Colormap colormap)
{
	Palette palette = { Rgba8{ 0, 0, 0, 255 } };
	const ColormapTable &table = colormapTable(colormap);
	for (std::size_t i = 0; i < table.size(); ++i)
		palette[i + 1] = { table[i][0], table[i][1], table[i][2], 255 };
	return palette;
}

} /* namespace fm */
