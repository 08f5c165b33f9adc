/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "label.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace fm {

namespace {

constexpr int font = cv::FONT_HERSHEY_SIMPLEX;
constexpr int margin = 3; /* Pixels between the tile's edge and the text. */
constexpr int outlineThickness = 3;

/* Scales of the font: smaller cannot be read, larger hides the map. */
constexpr double minScale = 0.3;
constexpr double maxScale = 0.6;

struct Line {
	std::string text;
	cv::Point origin;
	double scale;
};

struct Setting {
	std::vector<Line> lines;
	Size covered;
	int bottom; /* Of the last line. */
};

double preferredScale(Size tile)
{
	return std::clamp(tile.width / 400.0, 0.36, maxScale);
}

int lineHeight(const cv::Size &natural, double scale)
{
	return static_cast<int>(std::lround(natural.height * scale));
}

/* Those of \a lines that fit, and where they go. */
Setting setLines(Size tile, const std::vector<std::string> &lines)
{
	const int available = tile.width - 2 * margin;

	Setting set = { {}, { 0, 0 }, margin };
	for (const std::string &line : lines) {
		int baseline = 0;
		const cv::Size natural = cv::getTextSize(line, font, 1.0, 1, &baseline);
		const double scale = std::min(preferredScale(tile),
		                              static_cast<double>(available) / natural.width);
		const int height = lineHeight(natural, scale);
		if (scale < minScale || set.bottom + height + margin > tile.height)
			break;

		set.lines.push_back({ line, { margin, set.bottom + height }, scale });
		const int right = static_cast<int>(std::ceil(natural.width * scale)) + 2 * margin;
		const int low = set.bottom + height + static_cast<int>(std::ceil(baseline * scale));
		set.covered = { std::min(std::max(set.covered.width, right), tile.width),
			        std::min(low + margin, tile.height) };
		set.bottom += height + height / 2 + 2;
	}
	return set;
}

std::vector<LabelPixel> draw(Size size, const std::vector<Line> &lines, uint8_t shade = 0)
{
	const auto coverage = [&](int thickness) {
		cv::Mat image = cv::Mat::zeros(size.height, size.width, CV_8UC1);
		for (const Line &line : lines)
			cv::putText(image, line.text, line.origin, font, line.scale,
			            cv::Scalar(255), thickness, cv::LINE_AA);
		return image;
	};
	const cv::Mat outline = coverage(outlineThickness);
	const cv::Mat letters = coverage(1);

	std::vector<LabelPixel> pixels;
	pixels.reserve(static_cast<std::size_t>(size.width) * size.height);
	for (int y = 0; y < size.height; ++y)
		for (int x = 0; x < size.width; ++x)
			pixels.push_back({ std::max(outline.at<uint8_t>(y, x), shade),
			                   letters.at<uint8_t>(y, x) });
	return pixels;
}

/* From a character to the next, at scale 1. */
int naturalAdvance(char character)
{
	int baseline = 0;
	const auto width = [&](const std::string &text) {
		return cv::getTextSize(text, font, 1.0, 1, &baseline).width;
	};
	return width({ character, '0' }) - width("0");
}

} /* namespace */

Label::Label(Size tile, const std::vector<std::string> &lines, uint8_t shade)
{
	const Setting set = setLines(tile, lines);
	size_ = set.covered;
	bottom_ = set.bottom;
	if (!set.lines.empty())
		pixels_ = draw(size_, set.lines, shade);
}

RangeGlyphs::RangeGlyphs(Size tile, int top)
{
	int longest = 0;
	for (const char character : std::string("-1.23e-38..-1.23e-38"))
		longest += naturalAdvance(character);
	int baseline = 0;
	const cv::Size natural = cv::getTextSize(rangeCharacters, font, 1.0, 1, &baseline);
	const double scale = std::min(preferredScale(tile),
	                              static_cast<double>(tile.width - 2 * margin) / longest);
	const int height = lineHeight(natural, scale);
	if (scale < minScale || top + height + margin > tile.height)
		return;

	view_.left = margin;
	view_.top = top;
	view_.overlap = outlineThickness / 2 + 1;
	view_.height =
		std::min(height + static_cast<int>(std::ceil(baseline * scale)) + view_.overlap,
	                 tile.height - top) +
		view_.overlap;
	std::vector<Line> glyphs;
	for (int k = 0; k < GlyphsView::count; ++k) {
		const double advance = naturalAdvance(rangeCharacters[k]) * scale;
		view_.cell[k] = static_cast<short>(view_.width);
		view_.advance[k] = static_cast<short>(std::lround(advance));
		glyphs.push_back({ std::string(1, rangeCharacters[k]),
		                   { view_.width + view_.overlap, view_.overlap + height },
		                   scale });
		view_.width += view_.advance[k] + 2 * view_.overlap;
	}
	pixels_ = draw({ view_.width, view_.height }, glyphs);
}

GlyphsView RangeGlyphs::view() const
{
	GlyphsView view = view_;
	view.pixels = pixels_.data();
	return view;
}

} /* namespace fm */
