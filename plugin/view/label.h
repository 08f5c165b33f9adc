/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "frame/pixel.h"
#include "frame/size.h"

namespace fm {

/** \brief Tiles narrower than this, in pixels, bear no label: it could not be read */
constexpr int minLabelledWidth = 64;

/**
 * \brief Lines of text for the upper left corner of a tile
 *
 * White with a dark outline, so that they can be read on any colour map. A line is set smaller to
 * fit, and left out, with those after it, where it would not fit at a size that can be read.
 */
class Label
{
public:
	Label(Size tile, const std::vector<std::string> &lines);

	/** \brief Draws its part of the tile's row \a y over \a row, the tile's pixels */
	void draw(int y, Rgba8 *row) const;

private:
	Size size_; /* Of what the text covers, from the tile's corner. */
	/* By pixel, how much the outline and the letters cover, 0..255. */
	std::vector<uint8_t> outline_, letters_;
};

} /* namespace fm */
