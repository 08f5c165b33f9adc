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

void drawLine(cv::Mat &image, const std::string &text, cv::Point origin, double scale)
{
	cv::putText(image, text, origin, font, scale, cv::Scalar(0, 0, 0), 3, cv::LINE_AA);
	cv::putText(image, text, origin, font, scale, cv::Scalar(255, 255, 255), 1, cv::LINE_AA);
}

} /* namespace */

void drawLabel(const RgbView &tile, const std::vector<std::string> &lines)
{
	cv::Mat image(tile.height, tile.width, CV_8UC3, tile.data,
	              static_cast<std::size_t>(tile.stride));
	const double preferred = std::clamp(tile.width / 400.0, 0.36, maxScale);
	const int available = tile.width - 2 * margin;

	int top = margin;
	for (const std::string &line : lines) {
		int baseline = 0;
		const cv::Size natural = cv::getTextSize(line, font, 1.0, 1, &baseline);
		const double scale =
			std::min(preferred, static_cast<double>(available) / natural.width);
		const int height = static_cast<int>(std::lround(natural.height * scale));
		if (scale < minScale || top + height + margin > tile.height)
			return;

		drawLine(image, line, { margin, top + height }, scale);
		top += height + height / 2 + 2;
	}
}

} /* namespace fm */
