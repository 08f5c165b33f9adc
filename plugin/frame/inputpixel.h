/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lineartap.h"
#include "pixel.h"
#include "preprocess.h"

namespace fm {

/** \brief What the network's input is made like, of frames of one size */
struct InputShape {
	Preprocess mode;
	Size resized; /**< Of what the frame becomes, at the upper left */
	Size padded;  /**< Of the input; what lies beyond the frame is zero */

	/** \throws Error BadSetting where the resized frame would have no pixels */
	static InputShape of(Size frame, const PreprocessSettings &settings);

	bool operator==(const InputShape &) const = default;
};

/**
 * \brief What each 8-bit sample is for the network, by channel: red, green, blue
 *
 * In 0..1 as torchvision's ToTensor gives it; unless the mode is None, mean and standard deviation
 * are taken out. A look-up is faster than two divisions.
 */
struct SampleTable {
	float at[3][256];

	static SampleTable of(const PreprocessSettings &settings);
};

/** \brief \a from at weight 0, \a to at 1 */
FM_HOST_DEVICE inline float between(float from, float to, float weight)
{
	return from + (to - from) * weight;
}

/** \brief Red, green and blue of one pixel of the network's input */
struct InputPixel {
	float at[3];
};

FM_HOST_DEVICE inline InputPixel normalisedPixel(const Frame &frame, const SampleTable &table,
                                                 int x, int y)
{
	const Rgb8 pixel = readPixel(frame, x, y);
	return { table.at[0][pixel.r], table.at[1][pixel.g], table.at[2][pixel.b] };
}

/**
 * \brief The network's input at \a x and \a y, for a frame of the size that \a shape is for
 *
 * \a table is that of the same settings as the shape.
 */
FM_HOST_DEVICE inline InputPixel inputPixel(const Frame &frame, const InputShape &shape,
                                            const SampleTable &table, int x, int y)
{
	if (shape.mode != Preprocess::Detection)
		return normalisedPixel(frame, table, x, y);
	if (x >= shape.resized.width || y >= shape.resized.height)
		return { 0.0f, 0.0f, 0.0f };

	const LinearTap h = linearTap(x, frame.size.width, shape.resized.width);
	const LinearTap v = linearTap(y, frame.size.height, shape.resized.height);
	const InputPixel corners[] = { normalisedPixel(frame, table, h.first, v.first),
		                       normalisedPixel(frame, table, h.second, v.first),
		                       normalisedPixel(frame, table, h.first, v.second),
		                       normalisedPixel(frame, table, h.second, v.second) };
	InputPixel result;
	for (int c = 0; c < 3; ++c)
		result.at[c] =
			between(between(corners[0].at[c], corners[1].at[c], h.weight),
		                between(corners[2].at[c], corners[3].at[c], h.weight), v.weight);
	return result;
}

} /* namespace fm */
