/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "frame.h"

namespace fm {

struct Rgb8 {
	uint8_t r, g, b;
};

/** \brief A pixel as it is drawn; the fourth byte is 255 */
struct alignas(4) Rgba8 {
	uint8_t r, g, b, a;

	bool operator==(const Rgba8 &) const = default;
};

FM_HOST_DEVICE inline uint8_t roundToByte(float value)
{
	return static_cast<uint8_t>(value <= 0.0f ? 0.0f : value >= 255.0f ? 255.0f : value + 0.5f);
}

/* Devices convert between whole numbers and floats at a fraction of their speed, and add at full
 * speed: at 2^23 and above neighbouring floats are whole numbers, their last bits those. */

FM_HOST_DEVICE inline float byteToFloat(uint8_t value)
{
#ifdef __CUDA_ARCH__
	return __uint_as_float(0x4b000000u | value) - 8388608.0f;
#else
	return static_cast<float>(value);
#endif
}

/** \brief What roundToByte() gives, as a float */
FM_HOST_DEVICE inline float roundedToByte(float value)
{
#ifdef __CUDA_ARCH__
	const float sum = fminf(fmaxf(value, 0.0f), 255.0f) + 0.5f;
	const float nearest = (sum + 8388608.0f) - 8388608.0f;
	return nearest > sum ? nearest - 1.0f : nearest;
#else
	return static_cast<float>(roundToByte(value));
#endif
}

/** \brief R'G'B' as 0..255, which need not be whole numbers */
struct RgbSamples {
	float r, g, b;
};

/** \brief How R'G'B' is made of luma and chroma of one colorimetry */
struct YuvToRgb {
	float lumaOffset, lumaScale;
	float red, blue;               /**< For what chroma differs from its middle by */
	float greenOfRed, greenOfBlue; /**< Of what these make of it */

	FM_HOST_DEVICE static YuvToRgb of(const Colorimetry &color)
	{
		const float chromaScale = color.fullRange ? 1.0f : 255.0f / 224.0f;
		const float kg = 1.0f - color.kr - color.kb;
		return { color.fullRange ? 0.0f : 16.0f,
			 color.fullRange ? 1.0f : 255.0f / 219.0f,
			 chromaScale * 2.0f * (1.0f - color.kr),
			 chromaScale * 2.0f * (1.0f - color.kb),
			 color.kr / kg,
			 color.kb / kg };
	}

	/** \brief Of a luma sample and a pair of chroma samples (0..255); may lie beyond 0..255 */
	FM_HOST_DEVICE RgbSamples operator()(float y, float u, float v) const
	{
		const float luma = (y - lumaOffset) * lumaScale;
		const float ofRed = (v - 128.0f) * red;
		const float ofBlue = (u - 128.0f) * blue;
		return { luma + ofRed, luma - ofBlue * greenOfBlue - ofRed * greenOfRed,
			 luma + ofBlue };
	}
};

FM_HOST_DEVICE inline Rgb8 roundToBytes(const RgbSamples &pixel)
{
	return { roundToByte(pixel.r), roundToByte(pixel.g), roundToByte(pixel.b) };
}

struct Yuv {
	float y, u, v;
};

/** \brief The inverse of YuvToRgb, not rounded; takes means of pixels as well */
FM_HOST_DEVICE inline Yuv rgbToYuv(float r, float g, float b, const Colorimetry &color)
{
	const float kg = 1.0f - color.kr - color.kb;
	const float luma = color.kr * r + kg * g + color.kb * b;
	const float lumaScale = color.fullRange ? 1.0f : 219.0f / 255.0f;
	const float chromaScale = color.fullRange ? 1.0f : 224.0f / 255.0f;
	return { luma * lumaScale + (color.fullRange ? 0.0f : 16.0f),
		 128.0f + (b - luma) / (2.0f * (1.0f - color.kb)) * chromaScale,
		 128.0f + (r - luma) / (2.0f * (1.0f - color.kr)) * chromaScale };
}

/** \brief The two chroma samples next to a luma sample on one axis, and the weight of the second */
struct ChromaTap {
	int first, second;
	float weight;
};

FM_HOST_DEVICE inline ChromaTap chromaTap(int luma, int samples, bool cosited)
{
	const int nearest = static_cast<int>(static_cast<unsigned>(luma) / 2);
	const bool odd = luma % 2 != 0;
	if (cosited)
		return { nearest, nearest + 1 < samples ? nearest + 1 : nearest,
			 odd ? 0.5f : 0.0f };
	const int neighbour = odd ? nearest + 1 : nearest - 1;
	return { nearest, neighbour < 0 || neighbour >= samples ? nearest : neighbour, 0.25f };
}

/** \brief Interleaved chroma at a luma position, linear between the samples */
FM_HOST_DEVICE inline Yuv readNv12(const Frame &frame, int x, int y)
{
	const ChromaTap h = chromaTap(x, (frame.size.width + 1) / 2, frame.chromaSite.leftCosited);
	const ChromaTap v = chromaTap(y, (frame.size.height + 1) / 2, frame.chromaSite.topCosited);
	const uint8_t *top = frame.planes[1].row(v.first);
	const uint8_t *bottom = frame.planes[1].row(v.second);

	float chroma[2];
	for (int c = 0; c < 2; ++c) {
		const auto along = [&](const uint8_t *row) {
			return byteToFloat(row[2 * h.first + c]) * (1.0f - h.weight) +
			       byteToFloat(row[2 * h.second + c]) * h.weight;
		};
		const float above = along(top);
		const float below = along(bottom);
		chroma[c] = above * (1.0f - v.weight) + below * v.weight;
	}
	return { byteToFloat(frame.planes[0].row(y)[x]), chroma[0], chroma[1] };
}

/** \brief Whether the format has R, G and B of each pixel as they are */
constexpr bool isPacked(PixelFormat format)
{
	using enum PixelFormat;
	return format != Nv12 && format != I420 && format != Gray8;
}

/** \brief One pixel of a packed format */
template<PixelFormat format>
FM_HOST_DEVICE inline Rgb8 readPacked(const Frame &frame, int x, int y)
{
	using enum PixelFormat;
	constexpr int step = format == Rgb || format == Bgr ? 3 : 4;
	constexpr bool isReversed = format == Bgr || format == Bgra || format == Bgrx;
	const uint8_t *at = frame.planes[0].row(y) + step * x;
	return { at[isReversed ? 2 : 0], at[1], at[isReversed ? 0 : 2] };
}

/** \brief One pixel of a format that is not packed, not rounded; \a convert is of the frame's
 * colorimetry */
template<PixelFormat format>
FM_HOST_DEVICE inline RgbSamples convertPixel(const Frame &frame, const YuvToRgb &convert, int x,
                                              int y)
{
	if constexpr (format == PixelFormat::Nv12) {
		const Yuv yuv = readNv12(frame, x, y);
		return convert(yuv.y, yuv.u, yuv.v);
	}
	const float luma = byteToFloat(frame.planes[0].row(y)[x]);
	if constexpr (format == PixelFormat::Gray8)
		return convert(luma, 128.0f, 128.0f);
	return convert(luma, byteToFloat(frame.planes[1].row(y / 2)[x / 2]),
	               byteToFloat(frame.planes[2].row(y / 2)[x / 2]));
}

/**
 * \brief One pixel as RGB, rounded to 8 bits
 *
 * What GStreamer's videoconvert gives in front, its rounding aside: the chroma of NV12 is linear
 * between samples, that of I420 is repeated.
 */
template<PixelFormat format>
FM_HOST_DEVICE inline Rgb8 readPixel(const Frame &frame, int x, int y)
{
	if constexpr (isPacked(format))
		return readPacked<format>(frame, x, y);
	else
		return roundToBytes(
			convertPixel<format>(frame, YuvToRgb::of(frame.colorimetry), x, y));
}

/** \brief readPixel() as floats; \a convert is of the frame's colorimetry */
template<PixelFormat format>
FM_HOST_DEVICE inline RgbSamples readRounded(const Frame &frame, const YuvToRgb &convert, int x,
                                             int y)
{
	if constexpr (isPacked(format)) {
		const Rgb8 pixel = readPacked<format>(frame, x, y);
		return { byteToFloat(pixel.r), byteToFloat(pixel.g), byteToFloat(pixel.b) };
	} else {
		const RgbSamples pixel = convertPixel<format>(frame, convert, x, y);
		return { roundedToByte(pixel.r), roundedToByte(pixel.g), roundedToByte(pixel.b) };
	}
}

/** \brief Calls \a body with a format as a template parameter, one that is read as \a format is */
template<typename Body>
FM_HOST_DEVICE inline auto withFormat(PixelFormat format, Body &&body)
{
	using enum PixelFormat;
	switch (format) {
	case Nv12:
		return body.template operator()<Nv12>();
	case I420:
		return body.template operator()<I420>();
	case Rgb:
		return body.template operator()<Rgb>();
	case Bgr:
		return body.template operator()<Bgr>();
	case Rgba:
	case Rgbx:
		return body.template operator()<Rgba>();
	case Bgra:
	case Bgrx:
		return body.template operator()<Bgra>();
	case Gray8:
		break;
	}
	return body.template operator()<Gray8>();
}

/** \brief readPixel() of the frame's own format */
FM_HOST_DEVICE inline Rgb8 readPixel(const Frame &frame, int x, int y)
{
	return withFormat(frame.format,
	                  [&]<PixelFormat format>() { return readPixel<format>(frame, x, y); });
}

/** \brief Four pixels of a picture, at an even column and row: left, right, those below */
struct Rgba8Quad {
	Rgba8 at[4];
};

FM_HOST_DEVICE inline void writePacked(const Frame &frame, int x, int y, Rgba8 pixel)
{
	uint8_t *row = frame.planes[0].row(y);
	if (frame.format == PixelFormat::Rgb) {
		row[3 * x] = pixel.r;
		row[3 * x + 1] = pixel.g;
		row[3 * x + 2] = pixel.b;
		return;
	}
	const bool isBgrx = frame.format == PixelFormat::Bgrx;
	row[4 * x] = isBgrx ? pixel.b : pixel.r;
	row[4 * x + 1] = pixel.g;
	row[4 * x + 2] = isBgrx ? pixel.r : pixel.b;
	row[4 * x + 3] = 255;
}

/** \brief Chroma of 2x2 pixels: that of their mean */
FM_HOST_DEVICE inline Yuv meanChroma(const Rgba8 &a, const Rgba8 &b, const Rgba8 &c, const Rgba8 &d,
                                     const Colorimetry &color)
{
	return rgbToYuv(static_cast<float>(a.r + b.r + c.r + d.r) / 4.0f,
	                static_cast<float>(a.g + b.g + c.g + d.g) / 4.0f,
	                static_cast<float>(a.b + b.b + c.b + d.b) / 4.0f, color);
}

/**
 * \brief Writes the pixels at \a x and \a y, which are even, and their neighbours to a frame
 *
 * Formats: Rgb, Rgba (opaque), Bgrx, Nv12, I420. A chroma sample is the mean of its 2x2 pixels; the
 * last column and row of an odd size stand for their missing neighbours.
 */
FM_HOST_DEVICE inline void writeQuad(const Frame &frame, int x, int y, const Rgba8Quad &quad)
{
	const int columns = x + 1 < frame.size.width ? 2 : 1;
	const int rows = y + 1 < frame.size.height ? 2 : 1;
	const bool isYuv = frame.format == PixelFormat::Nv12 || frame.format == PixelFormat::I420;
	for (int j = 0; j < rows; ++j)
		for (int i = 0; i < columns; ++i) {
			const Rgba8 &pixel = quad.at[2 * j + i];
			if (isYuv)
				frame.planes[0].row(y + j)[x + i] = roundToByte(
					rgbToYuv(pixel.r, pixel.g, pixel.b, frame.colorimetry).y);
			else
				writePacked(frame, x + i, y + j, pixel);
		}
	if (!isYuv)
		return;

	const int right = columns - 1;
	const int below = 2 * (rows - 1);
	const Yuv mean = meanChroma(quad.at[0], quad.at[right], quad.at[below],
	                            quad.at[below + right], frame.colorimetry);
	if (frame.format == PixelFormat::Nv12) {
		uint8_t *pair = frame.planes[1].row(y / 2) + x;
		pair[0] = roundToByte(mean.u);
		pair[1] = roundToByte(mean.v);
	} else {
		frame.planes[1].row(y / 2)[x / 2] = roundToByte(mean.u);
		frame.planes[2].row(y / 2)[x / 2] = roundToByte(mean.v);
	}
}

} /* namespace fm */
