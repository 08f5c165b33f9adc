/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drawnlevel.h"
#include "label.h"
#include "layout.h"
#include "settings.h"

namespace fm {

/** \brief The line of text above the tiles of a panel, as kernels read it; owns nothing */
struct HeaderView {
	LabelView text;
	int top;           /**< Of the text in the panel */
	GlyphsView glyphs; /**< For the range that follows it, in the panel; or none */

	/** \brief What it covers at \a x and \a y of the panel; \a range is read for the glyphs
	 * alone
	 */
	FM_HOST_DEVICE LabelPixel at(const RangeText *range, int x, int y) const
	{
		LabelPixel pixel = { 0, 0 };
		if (y >= top && text.covers(x, y - top))
			pixel = text.at(x, y - top);
		return glyphs.covers(y) ? combined(pixel, glyphs.at(*range, x, y)) : pixel;
	}
};

/** \brief What a header is to say */
struct HeaderContent {
	Size strip = {};                     /**< That is left to it; without rows there is none */
	std::vector<std::string> texts = {}; /**< Of which it is the first that can be read */
	bool hasRange = false;               /**< Behind it stands the range of what is drawn */

	/**
	 * \brief Of a panel: \a titles, as a Panel has them, then \a level and the size of its \a
	 * maps
	 *
	 * A video is no level; components have no one range.
	 */
	static HeaderContent of(View content, const MosaicLayout &layout,
	                        const std::vector<std::string> &titles,
	                        const DrawnLevel &level = {}, Size maps = {});

	bool operator==(const HeaderContent &) const = default;
};

/** \brief "80x45 /8": the size of maps, and their level's stride */
std::string sizeText(const Level &level, Size maps);

/** \brief That as text */
class Header
{
public:
	explicit Header(const HeaderContent &content);

	HeaderView view() const;

private:
	std::optional<Label> text_; /* Empty where none can be read. */
	std::optional<RangeGlyphs> glyphs_;
	int top_ = 0;
};

/** \brief The one that was made last: most frames have it again */
class LastHeader
{
public:
	/** \brief Null where there is no room for any */
	std::shared_ptr<const Header> of(const HeaderContent &content);

private:
	HeaderContent content_;
	std::shared_ptr<const Header> header_;
};

} /* namespace fm */
