/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>

#include "colorbar.h"
#include "label.h"

namespace fm {

/** \brief Where on its tiles the ranges of a picture are written; owns nothing */
struct RangeLineView {
	GlyphsView glyphs;
	int tiles; /**< So many have it, the first of the picture */
	int right; /**< Where the upper end ends, apart from the lower one; 0: both are one text */

	/** \brief Whether row \a y of tile \a k may hold a part of it */
	FM_HOST_DEVICE bool covers(int k, int y) const { return k < tiles && glyphs.covers(y); }

	/** \brief Column from which on the lower end, or all of \a text, covers nothing */
	FM_HOST_DEVICE int lowerEnd(const RangeText &text) const
	{
		const int length = right == 0 ? text.length : text.low;
		return glyphs.left + glyphs.widthOf(text, 0, length) + glyphs.overlap;
	}

	/** \brief Column before which the upper end covers nothing, where it is apart */
	FM_HOST_DEVICE int upperStart(const RangeText &text) const
	{
		return right - glyphs.widthOf(text, text.low + rangeDots, text.length) -
		       glyphs.overlap;
	}

	/** \brief What \a text covers at \a x and \a y of the tile, where covers() holds */
	FM_HOST_DEVICE LabelPixel at(const RangeText &text, int x, int y) const
	{
		if (right == 0)
			return glyphs.at(text, x, y);
		const int high = text.low + rangeDots;
		const int start = right - glyphs.widthOf(text, high, text.length);
		return combined(glyphs.at(text, 0, text.low, glyphs.left, x, y),
		                glyphs.at(text, high, text.length, start, x, y));
	}
};

/** \brief The ranges of tiles as text: a line of the first one's label, or at the ends of bars */
class RangeLine
{
public:
	/**
	 * \brief For tiles of a \a size with \a bar; \a top is where the first label ends
	 *
	 * Nothing where there is neither a bar nor a label, nor where it could not be read. At the
	 * ends of bars it is in the place of the label's line.
	 */
	RangeLine(Size size, const ColorBar &bar, std::optional<int> top);

	RangeLineView view() const;

private:
	RangeLineView view_ = {}; /* But for its pixels, which are the glyphs'. */
	std::optional<RangeGlyphs> glyphs_;
};

} /* namespace fm */
