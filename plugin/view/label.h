/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "labelpixel.h"

namespace fm {

/** \brief Tiles narrower than this, in pixels, bear no label: it could not be read */
constexpr int minLabelledWidth = 64;

/** \brief Larger than that, in pixels, no font is */
constexpr int maxFontSize = 200;

/**
 * \brief Lines of text for the upper left corner of a tile
 *
 * White with a dark outline, so that they can be read on any colour map. A line is set smaller to
 * fit, and left out, with those after it, where it would not fit at a size that can be read.
 */
class Label
{
public:
	/** \brief \a shade is how dark what is below all of the text becomes, up to 255 */
	Label(Size tile, const std::vector<std::string> &lines, uint8_t shade = 0);
	/** \brief As large as they fit, up to \a mostFontSize, instead of in proportion with the
	 * tile
	 */
	Label(Size tile, const std::vector<std::string> &lines, uint8_t shade, int mostFontSize);

	LabelView view() const { return { size_, pixels_.data() }; }
	/** \brief In pixels */
	int fontSize() const { return fontSize_; }
	/** \brief Where on the tile the first line begins */
	int top() const;
	/** \brief Where on the tile the next line would begin */
	int bottom() const { return bottom_; }

private:
	Size size_ = { 0, 0 };
	int fontSize_; /* Of none: that which was wanted. */
	int bottom_;
	std::vector<LabelPixel> pixels_;
};

/** \brief Text over a whole picture, of which a panel has what lies on it */
struct Caption {
	std::shared_ptr<const Label> label = nullptr; /**< For the picture; or null */
	int left = 0, top = 0;                        /**< Of the panel in the picture */

	CaptionView view() const { return { label ? label->view() : LabelView{}, left, top }; }
	bool operator==(const Caption &) const = default;
};

/**
 * \brief The glyphs for the line of a label that changes from frame to frame: a range
 *
 * As large as the longest range allows, and none where that could not be read.
 */
class RangeGlyphs
{
public:
	/** \brief For a line that begins at row \a top of the tile */
	RangeGlyphs(Size tile, int top);
	/** \brief Up to \a mostFontSize, instead of in proportion with the tile */
	RangeGlyphs(Size tile, int top, int mostFontSize);

	GlyphsView view() const;
	/** \brief In pixels; 0 where there are none */
	int fontSize() const { return fontSize_; }

private:
	int fontSize_ = 0;
	GlyphsView view_ = {}; /* But for its pixels. */
	std::vector<LabelPixel> pixels_;
};

} /* namespace fm */
