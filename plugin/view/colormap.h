/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <cstdint>

#include "settings.h"

namespace fm {

using Rgb = std::array<uint8_t, 3>;
using ColormapTable = std::array<Rgb, 256>;

/** \brief The 256 colours that matplotlib.colormaps[name](t, bytes=True) gives for t = (i+0.5)/256
 */
const ColormapTable &colormapTable(Colormap colormap);

} /* namespace fm */
