/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <pango/pangocairo.h>

#include "labelpixel.h"

namespace fm {

/** \brief A line of text, and where in an image it goes */
struct PlacedText {
	std::string text;
	int left, top;
};

/**
 * \brief Measures and draws lines of text by Pango and Cairo
 *
 * Sizes of the font are in pixels, as are all others. Any text will do: what is not UTF-8 is
 * drawn as characters that say so. The process has one set of fonts, which the typesetters of all
 * its threads take turns at: each waits for the one before it to be destroyed.
 */
class Typesetter
{
public:
	/** \brief No side of an image is longer: Cairo's limit */
	static constexpr int maxSide = 32767;

	Typesetter();

	/** \brief Whether the machine has any font; without one nothing may be measured or drawn */
	bool hasFont() const { return hasFont_; }

	/** \brief To the right, up to the next character, and down, up to the next line */
	Size extent(const std::string &text, int fontSize);

	/** \brief How far an outline reaches beyond letters */
	static double outlineReach(int fontSize);

	/** \brief An image of \a size, [height, width]; empty where there is no memory for it */
	std::vector<LabelPixel> draw(Size size, const std::vector<PlacedText> &texts, int fontSize);

private:
	struct Release {
		void operator()(PangoContext *context) const { g_object_unref(context); }
		void operator()(PangoLayout *layout) const { g_object_unref(layout); }
		void operator()(PangoFontDescription *font) const
		{
			pango_font_description_free(font);
		}
	};

	void set(const std::string &text, int fontSize);

	std::unique_lock<std::mutex> turn_;
	std::unique_ptr<PangoContext, Release> context_;
	std::unique_ptr<PangoLayout, Release> layout_;
	std::unique_ptr<PangoFontDescription, Release> font_;
	bool hasFont_ = false;
};

} /* namespace fm */
