/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <vector>

#include "frame/picture.h"

namespace fm {

/** \brief Tiles narrower than this, in pixels, bear no label: it could not be read */
constexpr int minLabelledWidth = 64;

/**
 * \brief Writes \a lines into the upper left corner of \a tile
 *
 * White with a dark outline, so that they can be read on any colour map. A line is set smaller to
 * fit, and left out, with those after it, where it would not fit at a size that can be read.
 */
void drawLabel(const RgbView &tile, const std::vector<std::string> &lines);

} /* namespace fm */
