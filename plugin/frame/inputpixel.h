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
 * are taken out. A look-up is faster than two divisions. What lies between samples is on a line.
 */
struct SampleTable {
	struct Line {
		float factor, offset;

		FM_HOST_DEVICE float at(float sample) const { return sample * factor + offset; }
	};

	float at[3][256];
	Line line[3];

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

/** \brief Amid the \a corners, which are two above two, of samples; resized first, then normalised:
 * of what is linear the order makes no difference */
FM_HOST_DEVICE inline InputPixel resizedPixel(const RgbSamples (&corners)[4], const LinearTap &h,
                                              const LinearTap &v, const SampleTable &table)
{
	const auto resized = [&](float RgbSamples::*channel) {
		return between(between(corners[0].*channel, corners[1].*channel, h.weight),
		               between(corners[2].*channel, corners[3].*channel, h.weight),
		               v.weight);
	};
	return { table.line[0].at(resized(&RgbSamples::r)),
		 table.line[1].at(resized(&RgbSamples::g)),
		 table.line[2].at(resized(&RgbSamples::b)) };
}

/** \brief inputPixel() for a frame of \a format, or one that is read as that is */
template<PixelFormat format>
FM_HOST_DEVICE inline InputPixel inputPixel(const Frame &frame, const InputShape &shape,
                                            const SampleTable &table, int x, int y)
{
	if (shape.mode != Preprocess::Detection) {
		const Rgb8 pixel = readPixel<format>(frame, x, y);
		return { table.at[0][pixel.r], table.at[1][pixel.g], table.at[2][pixel.b] };
	}
	if (x >= shape.resized.width || y >= shape.resized.height)
		return { 0.0f, 0.0f, 0.0f };

	const LinearTap h = linearTap(x, frame.size.width, shape.resized.width);
	const LinearTap v = linearTap(y, frame.size.height, shape.resized.height);
	const YuvToRgb convert = YuvToRgb::of(frame.colorimetry);
	const RgbSamples corners[] = { readRounded<format>(frame, convert, h.first, v.first),
		                       readRounded<format>(frame, convert, h.second, v.first),
		                       readRounded<format>(frame, convert, h.first, v.second),
		                       readRounded<format>(frame, convert, h.second, v.second) };
	return resizedPixel(corners, h, v, table);
}

/**
 * \brief The network's input at \a x and \a y, for a frame of the size that \a shape is for
 *
 * \a table is that of the same settings as the shape.
 */
FM_HOST_DEVICE inline InputPixel inputPixel(const Frame &frame, const InputShape &shape,
                                            const SampleTable &table, int x, int y)
{
	return withFormat(frame.format, [&]<PixelFormat format>() {
		return inputPixel<format>(frame, shape, table, x, y);
	});
}

} /* namespace fm */
