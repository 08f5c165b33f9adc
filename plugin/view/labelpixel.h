/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "frame/pixel.h"
#include "rangetext.h"

namespace fm {

/** \brief How much of a pixel a text's outline and its letters cover, 0..255 */
struct LabelPixel {
	uint8_t outline, letters;
};

/** \brief Two texts at once */
FM_HOST_DEVICE inline LabelPixel combined(LabelPixel a, LabelPixel b)
{
	return { a.outline > b.outline ? a.outline : b.outline,
		 a.letters > b.letters ? a.letters : b.letters };
}

/** \brief \a below with the text over it */
FM_HOST_DEVICE inline Rgba8 underLabel(Rgba8 below, LabelPixel label)
{
	const auto blend = [&](uint8_t channel) {
		const int dark = channel * (255 - label.outline) / 255;
		return static_cast<uint8_t>(dark + (255 - dark) * label.letters / 255);
	};
	return { blend(below.r), blend(below.g), blend(below.b), below.a };
}

/** \brief Text for the upper left corner of a tile; owns nothing */
struct LabelView {
	Size size; /**< Of what the text covers, from the tile's corner; 0x0 where there is none */
	const LabelPixel *pixels; /**< [height, width] */

	FM_HOST_DEVICE bool covers(int x, int y) const { return x < size.width && y < size.height; }
	FM_HOST_DEVICE LabelPixel at(int x, int y) const { return pixels[y * size.width + x]; }
};

/** \brief Text over a picture, as a panel of it has it; owns nothing */
struct CaptionView {
	LabelView text; /**< From the picture's corner */
	int left, top;  /**< Of the panel in the picture */

	FM_HOST_DEVICE bool covers(int x, int y) const { return text.covers(left + x, top + y); }
	FM_HOST_DEVICE LabelPixel at(int x, int y) const { return text.at(left + x, top + y); }
};

/** \brief The glyphs of rangeCharacters, and where on a tile a range is written; owns nothing */
struct GlyphsView {
	static constexpr int count = sizeof(rangeCharacters) - 1;

	int left, top; /**< Of the text on the tile, without its outline */
	int overlap;   /**< Pixels by which a glyph's cell goes beyond its advance on each side */
	int height;    /**< Of the cells; 0 where no range is written */
	int width;     /**< Of all cells side by side */
	short cell[count];        /**< First column of each */
	short advance[count];     /**< From one glyph to the next */
	const LabelPixel *pixels; /**< [height, width] */

	/** \brief Whether row \a y of the tile may hold a part of the text */
	FM_HOST_DEVICE bool covers(int y) const
	{
		return y >= top - overlap && y < top - overlap + height;
	}

	/** \brief What \a text covers at \a x and \a y of the tile, where covers() holds */
	FM_HOST_DEVICE LabelPixel at(const RangeText &text, int x, int y) const
	{
		return at(text, 0, text.length, left, x, y);
	}

	/** \brief The same of its characters from \a first to \a end alone, which begin at \a start
	 */
	FM_HOST_DEVICE LabelPixel at(const RangeText &text, int first, int end, int start, int x,
	                             int y) const
	{
		LabelPixel most = { 0, 0 };
		const LabelPixel *row = pixels + (y - top + overlap) * width;
		int pen = start - overlap;
		for (int k = first; k < end && pen <= x; ++k) {
			const int glyph = text.glyphs[k];
			const int inCell = x - pen;
			if (inCell < advance[glyph] + 2 * overlap)
				most = combined(most, row[cell[glyph] + inCell]);
			pen += advance[glyph];
		}
		return most;
	}

	/** \brief Columns from the first of these characters to what would follow them */
	FM_HOST_DEVICE int widthOf(const RangeText &text, int first, int end) const
	{
		int sum = 0;
		for (int k = first; k < end; ++k)
			sum += advance[text.glyphs[k]];
		return sum;
	}
};

} /* namespace fm */
