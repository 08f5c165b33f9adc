/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "label.h"

#include <algorithm>
#include <cmath>
#include <ranges>
#include <span>

#include "typesetter.h"

namespace fm {

namespace {

/* In pixels; smaller cannot be read. */
constexpr int minFontSize = 8;

struct Setting {
	int fontSize;
	std::vector<PlacedText> lines;
	Size covered;
	int bottom; /* Of the last line. */
};

/* In proportion with the tile, from what is read with ease on a small one. */
int preferredFontSize(Size tile)
{
	return std::min(10 + std::min(tile.width / 2, tile.height) / 25, maxFontSize);
}

/* Pixels between the tile's edge and the text. */
int margin(int fontSize)
{
	return 2 + fontSize / 8;
}

/* The largest size up to \a most for which \a fits holds, as it does for the smallest. */
template<typename Fits>
int largestFontSize(int most, Fits &&fits)
{
	if (fits(most))
		return most;
	const auto larger = std::views::iota(minFontSize + 1, most);
	return minFontSize +
	       static_cast<int>(std::ranges::partition_point(larger, fits) - larger.begin());
}

/* Those of \a lines that fit, up to the first that does not, and where they go. */
Setting setLines(Typesetter &typesetter, Size tile, std::span<const std::string> lines,
                 int fontSize)
{
	const int edge = margin(fontSize);
	const int available = std::min(tile.width, Typesetter::maxSide) - 2 * edge;

	Setting set = { fontSize, {}, { 0, 0 }, edge };
	for (const std::string &line : lines) {
		/* A character has four bytes at most, and a pixel: longer lines would overflow. */
		if (available <= 0 || line.size() / 4 > static_cast<std::size_t>(available))
			break;
		const Size extent = typesetter.extent(line, fontSize);
		if (extent.width > available || set.bottom + extent.height + edge > tile.height)
			break;

		set.lines.push_back({ line, edge, set.bottom });
		set.bottom += extent.height;
		set.covered = { std::max(set.covered.width, extent.width + 2 * edge),
			        set.bottom + edge };
	}
	return set;
}

/* As many of \a lines as fit at the smallest size, as large as those can be. */
Setting setLargest(Typesetter &typesetter, Size tile, std::span<const std::string> lines, int most)
{
	const std::size_t count = setLines(typesetter, tile, lines, minFontSize).lines.size();
	const auto setAt = [&](int fontSize) {
		return setLines(typesetter, tile, lines.first(count), fontSize);
	};
	return setAt(largestFontSize(
		most, [&](int fontSize) { return setAt(fontSize).lines.size() == count; }));
}

} /* namespace */

Label::Label(Size tile, const std::vector<std::string> &lines, uint8_t shade)
	: Label(tile, lines, shade, preferredFontSize(tile))
{
}

Label::Label(Size tile, const std::vector<std::string> &lines, uint8_t shade, int mostFontSize)
	: fontSize_(mostFontSize), bottom_(margin(mostFontSize))
{
	Typesetter typesetter;
	if (!typesetter.hasFont())
		return;
	const Setting set = setLargest(typesetter, tile, lines, mostFontSize);
	fontSize_ = set.fontSize;
	bottom_ = set.bottom;
	pixels_ = typesetter.draw(set.covered, set.lines, set.fontSize);
	if (!pixels_.empty())
		size_ = set.covered;
	for (LabelPixel &pixel : pixels_)
		pixel.outline = std::max(pixel.outline, shade);
}

int Label::top() const
{
	return margin(fontSize_);
}

RangeGlyphs::RangeGlyphs(Size tile, int top) : RangeGlyphs(tile, top, preferredFontSize(tile)) {}

RangeGlyphs::RangeGlyphs(Size tile, int top, int mostFontSize)
{
	Typesetter typesetter;
	if (!typesetter.hasFont())
		return;
	const auto advance = [&](char character, int fontSize) {
		return typesetter.extent(std::string(1, character), fontSize).width;
	};
	const auto fits = [&](int fontSize) {
		int width = 2 * margin(fontSize);
		for (const char character : std::string("-1.23e-38..-1.23e-38"))
			width += advance(character, fontSize);
		const int height = typesetter.extent(rangeCharacters, fontSize).height;
		return width <= tile.width && top + height + margin(fontSize) <= tile.height;
	};
	if (!fits(minFontSize))
		return;

	const int fontSize = largestFontSize(mostFontSize, fits);
	view_.left = margin(fontSize);
	view_.top = top;
	view_.overlap = static_cast<int>(std::ceil(Typesetter::outlineReach(fontSize))) + 1;
	view_.height = typesetter.extent(rangeCharacters, fontSize).height + 2 * view_.overlap;
	for (int k = 0; k < GlyphsView::count; ++k) {
		view_.cell[k] = static_cast<short>(view_.width);
		view_.advance[k] = static_cast<short>(advance(rangeCharacters[k], fontSize));
		view_.width += view_.advance[k] + 2 * view_.overlap;
	}

	/* Each for itself, so that none reaches into the next one's cell. */
	pixels_.resize(static_cast<std::size_t>(view_.width) * view_.height);
	for (int k = 0; k < GlyphsView::count; ++k) {
		const int width = view_.advance[k] + 2 * view_.overlap;
		const auto glyph = typesetter.draw(
			{ width, view_.height },
			{ { std::string(1, rangeCharacters[k]), view_.overlap, view_.overlap } },
			fontSize);
		if (glyph.empty()) {
			view_ = {};
			return;
		}
		for (int y = 0; y < view_.height; ++y)
			std::copy_n(glyph.begin() + y * width, width,
			            pixels_.begin() + y * view_.width + view_.cell[k]);
	}
	fontSize_ = fontSize;
}

GlyphsView RangeGlyphs::view() const
{
	GlyphsView view = view_;
	view.pixels = pixels_.data();
	return view;
}

} /* namespace fm */
