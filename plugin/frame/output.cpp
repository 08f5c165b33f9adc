/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "output.h"

#include <algorithm>
#include <cstring>

#include "error.h"
#include "pixel.h"

namespace fm {

namespace {

void writeRgb(const RgbView &picture, const Plane &plane)
{
	for (int y = 0; y < picture.height; ++y)
		std::memcpy(plane.row(y), picture.row(y), std::size_t{ 3 } * picture.width);
}

/* Four bytes a pixel: red at byte \a red, blue at the opposite end of the first three. */
void writePacked(const RgbView &picture, const Plane &plane, int red)
{
	for (int y = 0; y < picture.height; ++y) {
		const uint8_t *in = picture.row(y);
		uint8_t *out = plane.row(y);
		for (int x = 0; x < picture.width; ++x, in += 3, out += 4) {
			out[red] = in[0];
			out[1] = in[1];
			out[2 - red] = in[2];
			out[3] = 255;
		}
	}
}

void writeLuma(const RgbView &picture, const Frame &frame)
{
	for (int y = 0; y < picture.height; ++y) {
		const uint8_t *in = picture.row(y);
		uint8_t *out = frame.planes[0].row(y);
		for (int x = 0; x < picture.width; ++x, in += 3)
			out[x] = roundToByte(rgbToYuv(in[0], in[1], in[2], frame.colorimetry).y);
	}
}

/* The last column and row of an odd size stand for their missing neighbours. */
Yuv meanChroma(const RgbView &picture, int x, int y, const Colorimetry &color)
{
	const int right = std::min(2 * x + 1, picture.width - 1);
	const int below = std::min(2 * y + 1, picture.height - 1);
	const uint8_t *pixels[] = { picture.row(2 * y) + 6 * x, picture.row(2 * y) + 3 * right,
		                    picture.row(below) + 6 * x, picture.row(below) + 3 * right };

	float sum[3] = {};
	for (const uint8_t *pixel : pixels)
		for (int c = 0; c < 3; ++c)
			sum[c] += pixel[c];
	return rgbToYuv(sum[0] / 4.0f, sum[1] / 4.0f, sum[2] / 4.0f, color);
}

void writeYuv(const RgbView &picture, const Frame &frame)
{
	const bool interleaved = frame.format == PixelFormat::Nv12;
	const int step = interleaved ? 2 : 1;

	writeLuma(picture, frame);
	for (int y = 0; y < (picture.height + 1) / 2; ++y) {
		uint8_t *u = frame.planes[1].row(y);
		uint8_t *v = interleaved ? u + 1 : frame.planes[2].row(y);
		for (int x = 0; x < (picture.width + 1) / 2; ++x, u += step, v += step) {
			const Yuv mean = meanChroma(picture, x, y, frame.colorimetry);
			*u = roundToByte(mean.u);
			*v = roundToByte(mean.v);
		}
	}
}

} /* namespace */

void writeFrame(const RgbView &picture, const Frame &frame)
{
	if (frame.size != Size{ picture.width, picture.height })
		throw Error(Error::Kind::Internal, "The picture is not of the output frame's size");

	switch (frame.format) {
	case PixelFormat::Rgb:
		return writeRgb(picture, frame.planes[0]);
	case PixelFormat::Rgba:
		return writePacked(picture, frame.planes[0], 0);
	case PixelFormat::Bgrx:
		return writePacked(picture, frame.planes[0], 2);
	case PixelFormat::Nv12:
	case PixelFormat::I420:
		return writeYuv(picture, frame);
	default:
		throw Error(Error::Kind::Internal,
		            "The output frame's format is not one that is drawn");
	}
}

} /* namespace fm */
