/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "output.h"

#include <algorithm>
#include <cstring>

#include "error.h"

namespace fm {

namespace {

void writeRgb(const Rgba8 *row, uint8_t *out, int width)
{
	for (int x = 0; x < width; ++x, out += 3) {
		out[0] = row[x].r;
		out[1] = row[x].g;
		out[2] = row[x].b;
	}
}

void writeRgba(const Rgba8 *row, uint8_t *out, int width)
{
	std::memcpy(out, row, sizeof(Rgba8) * width);
}

void writeBgrx(const Rgba8 *row, uint8_t *out, int width)
{
	for (int x = 0; x < width; ++x, out += 4) {
		out[0] = row[x].b;
		out[1] = row[x].g;
		out[2] = row[x].r;
		out[3] = 255;
	}
}

void writeLuma(const Rgba8 *row, uint8_t *out, int width, const Colorimetry &color)
{
	for (int x = 0; x < width; ++x)
		out[x] = roundToByte(rgbToYuv(row[x].r, row[x].g, row[x].b, color).y);
}

} /* namespace */

FrameWriter::FrameWriter(const Frame &frame) : frame_(frame)
{
	switch (frame.format) {
	case PixelFormat::Rgb:
		writePacked_ = writeRgb;
		break;
	case PixelFormat::Rgba:
		writePacked_ = writeRgba;
		break;
	case PixelFormat::Bgrx:
		writePacked_ = writeBgrx;
		break;
	case PixelFormat::Nv12:
	case PixelFormat::I420:
		break;
	default:
		throw Error(Error::Kind::Internal,
		            "The output frame's format is not one that is drawn");
	}
}

void FrameWriter::write(int y, const Rgba8 *row, const Rgba8 *below) const
{
	const bool hasBelow = y + 1 < frame_.size.height;
	if (!writePacked_)
		return writeYuv(y, row, hasBelow ? below : row);

	writePacked_(row, frame_.planes[0].row(y), frame_.size.width);
	if (hasBelow)
		writePacked_(below, frame_.planes[0].row(y + 1), frame_.size.width);
}

void FrameWriter::writeYuv(int y, const Rgba8 *row, const Rgba8 *below) const
{
	const int width = frame_.size.width;
	const Colorimetry color = frame_.colorimetry;
	writeLuma(row, frame_.planes[0].row(y), width, color);
	if (below != row)
		writeLuma(below, frame_.planes[0].row(y + 1), width, color);

	const bool interleaved = frame_.format == PixelFormat::Nv12;
	const int step = interleaved ? 2 : 1;
	uint8_t *u = frame_.planes[1].row(y / 2);
	uint8_t *v = interleaved ? u + 1 : frame_.planes[2].row(y / 2);
	for (int x = 0; x < (width + 1) / 2; ++x) {
		const int left = 2 * x;
		const int right = std::min(left + 1, width - 1);
		const Yuv mean =
			meanChroma(row[left], row[right], below[left], below[right], color);
		u[x * step] = roundToByte(mean.u);
		v[x * step] = roundToByte(mean.v);
	}
}

} /* namespace fm */
