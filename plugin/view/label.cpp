/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "label.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace fm {

namespace {

constexpr int font = cv::FONT_HERSHEY_SIMPLEX;
constexpr int margin = 3; /* Pixels between the tile's edge and the text. */

/* Scales of the font: smaller cannot be read, larger hides the map. */
constexpr double minScale = 0.3;
constexpr double maxScale = 0.6;

struct Line {
	std::string text;
	cv::Point origin;
	double scale;
};

/* Those of \a lines that fit, and where they go; \a covered is as large as they need. */
std::vector<Line> setLines(Size tile, const std::vector<std::string> &lines, Size &covered)
{
	const double preferred = std::clamp(tile.width / 400.0, 0.36, maxScale);
	const int available = tile.width - 2 * margin;

	std::vector<Line> set;
	covered = { 0, 0 };
	int top = margin;
	for (const std::string &line : lines) {
		int baseline = 0;
		const cv::Size natural = cv::getTextSize(line, font, 1.0, 1, &baseline);
		const double scale =
			std::min(preferred, static_cast<double>(available) / natural.width);
		const int height = static_cast<int>(std::lround(natural.height * scale));
		if (scale < minScale || top + height + margin > tile.height)
			break;

		set.push_back({ line, { margin, top + height }, scale });
		const int right = static_cast<int>(std::ceil(natural.width * scale)) + 2 * margin;
		const int bottom = top + height + static_cast<int>(std::ceil(baseline * scale));
		covered = { std::min(std::max(covered.width, right), tile.width),
			    std::min(bottom + margin, tile.height) };
		top += height + height / 2 + 2;
	}
	return set;
}

std::vector<uint8_t> coverage(Size size, const std::vector<Line> &lines, int thickness)
{
	std::vector<uint8_t> pixels(static_cast<std::size_t>(size.width) * size.height);
	cv::Mat image(size.height, size.width, CV_8UC1, pixels.data());
	for (const Line &line : lines)
		cv::putText(image, line.text, line.origin, font, line.scale, cv::Scalar(255),
		            thickness, cv::LINE_AA);
	return pixels;
}

uint8_t blend(uint8_t below, int outline, int letters)
{
	const int dark = below * (255 - outline) / 255;
	return static_cast<uint8_t>(dark + (255 - dark) * letters / 255);
}

} /* namespace */

Label::Label(Size tile, const std::vector<std::string> &lines)
{
	const std::vector<Line> set = setLines(tile, lines, size_);
	if (set.empty())
		return;
	outline_ = coverage(size_, set, 3);
	letters_ = coverage(size_, set, 1);
}

void Label::draw(int y, Rgba8 *row) const
{
	if (y >= size_.height)
		return;
	const std::size_t first = static_cast<std::size_t>(y) * size_.width;
	for (int x = 0; x < size_.width; ++x) {
		const int outline = outline_[first + x];
		const int letters = letters_[first + x];
		Rgba8 &pixel = row[x];
		pixel = { blend(pixel.r, outline, letters), blend(pixel.g, outline, letters),
			  blend(pixel.b, outline, letters), pixel.a };
	}
}

} /* namespace fm */
