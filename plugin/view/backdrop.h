/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "frame/pixel.h"
#include "pixel.h"
#include "settings.h"

namespace fm {

/** \brief The video that a picture is drawn over, or beside */
struct Backdrop {
	Frame video;       /**< Where the picture is drawn; without pixels where there is none */
	float alpha;       /**< Of what is drawn over it */
	bool alphaByValue; /**< Alpha is 0 at the colour map's lower end */
};

inline Backdrop backdropOf(const ViewSettings &settings, const Frame &video)
{
	return { video, static_cast<float>(settings.alpha), settings.alphaByValue };
}

/** \brief How maps are scaled that \a content is made of: over the video never in blocks */
inline Interpolation interpolationOf(const ViewSettings &settings, View content)
{
	return content == View::Overlay ? Interpolation::Linear : settings.interpolation;
}

/**
 * \brief The pixel at \a x and \a y of \a video, brought to \a size
 *
 * The mean of the pixels that it covers, of which a larger picture has one.
 */
FM_HOST_DEVICE inline Rgb8 scaledPixel(const Frame &video, Size size, int x, int y)
{
	if (video.size.width == size.width && video.size.height == size.height)
		return readPixel(video, x, y);
	const auto first = [](int place, int from, int to) {
		return static_cast<int>(static_cast<long long>(place) * from / to);
	};
	const int left = first(x, video.size.width, size.width);
	const int top = first(y, video.size.height, size.height);
	const int right = first(x + 1, video.size.width, size.width);
	const int bottom = first(y + 1, video.size.height, size.height);
	int r = 0;
	int g = 0;
	int b = 0;
	int count = 0;
	for (int j = top; j < (bottom > top ? bottom : top + 1); ++j)
		for (int i = left; i < (right > left ? right : left + 1); ++i) {
			const Rgb8 pixel = readPixel(video, i, j);
			r += pixel.r;
			g += pixel.g;
			b += pixel.b;
			++count;
		}
	const auto mean = [&](int sum) {
		return static_cast<uint8_t>((2 * sum + count) / (2 * count));
	};
	return { mean(r), mean(g), mean(b) };
}

/** \brief \a heat, the colour at \a index of its colour map, over \a below */
FM_HOST_DEVICE inline Rgba8 overBackdrop(Rgb8 below, Rgba8 heat, int index,
                                         const Backdrop &backdrop)
{
	if (index == notANumber)
		return { below.r, below.g, below.b, 255 };
	const float alpha = backdrop.alphaByValue
	                            ? backdrop.alpha * static_cast<float>(index) / 255.0f
	                            : backdrop.alpha;
	const auto blend = [&](uint8_t from, uint8_t to) {
		return roundToByte(static_cast<float>(from) * (1.0f - alpha) +
		                   static_cast<float>(to) * alpha);
	};
	return { blend(below.r, heat.r), blend(below.g, heat.g), blend(below.b, heat.b), 255 };
}

/** \brief A component of a colour that is at \a index of 256; 0 for what is not a number */
FM_HOST_DEVICE inline uint8_t componentOf(int index)
{
	return static_cast<uint8_t>(index == notANumber ? 0 : index);
}

} /* namespace fm */
