/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "packed.h"

#include <cstring>

#include "parallel.h"

namespace fm {

namespace {

/* Rows that are worth a thread. */
constexpr int grain = 128;

} /* namespace */

PlaneShape planeShape(PixelFormat format, Size size, int plane)
{
	using enum PixelFormat;
	const Size chroma = { (size.width + 1) / 2, (size.height + 1) / 2 };
	switch (format) {
	case Nv12:
		return plane == 0   ? PlaneShape{ size.width, size.height }
		       : plane == 1 ? PlaneShape{ 2 * chroma.width, chroma.height }
		                    : PlaneShape{};
	case I420:
		return plane == 0 ? PlaneShape{ size.width, size.height }
		                  : PlaneShape{ chroma.width, chroma.height };
	case Rgb:
	case Bgr:
		return plane == 0 ? PlaneShape{ 3 * size.width, size.height } : PlaneShape{};
	case Gray8:
		return plane == 0 ? PlaneShape{ size.width, size.height } : PlaneShape{};
	default:
		return plane == 0 ? PlaneShape{ 4 * size.width, size.height } : PlaneShape{};
	}
}

std::size_t packedBytes(const Frame &frame)
{
	std::size_t bytes = 0;
	for (int plane = 0; plane < 3; ++plane) {
		const PlaneShape shape = planeShape(frame.format, frame.size, plane);
		bytes += static_cast<std::size_t>(shape.bytes) * shape.rows;
	}
	return bytes;
}

Frame packedFrame(const Frame &frame, void *data)
{
	Frame packed = frame;
	auto *next = static_cast<uint8_t *>(data);
	for (int plane = 0; plane < 3; ++plane) {
		const PlaneShape shape = planeShape(frame.format, frame.size, plane);
		packed.planes[plane] = { next, shape.bytes };
		next += static_cast<std::size_t>(shape.bytes) * shape.rows;
	}
	return packed;
}

Frame cropped(const Frame &frame, int left, int top, Size size)
{
	using enum PixelFormat;
	Frame part = frame;
	part.size = size;
	const bool isYuv = frame.format == Nv12 || frame.format == I420;
	const int pixelBytes = frame.format == Rgb || frame.format == Bgr ? 3
	                       : isYuv || frame.format == Gray8           ? 1
	                                                                  : 4;
	part.planes[0].data += top * frame.planes[0].stride + left * pixelBytes;
	for (int plane = 1; isYuv && plane < (frame.format == Nv12 ? 2 : 3); ++plane)
		part.planes[plane].data += top / 2 * frame.planes[plane].stride +
		                           left / 2 * (frame.format == Nv12 ? 2 : 1);
	return part;
}

void copyFrame(const Frame &from, const Frame &to)
{
	for (int plane = 0; plane < 3; ++plane) {
		const PlaneShape shape = planeShape(from.format, from.size, plane);
		const Plane &source = from.planes[plane];
		const Plane &target = to.planes[plane];
		if (shape.rows == 0)
			continue;
		parallelFor(shape.rows, grain, [&](int begin, int end) {
			for (int y = begin; y < end; ++y)
				std::memcpy(target.row(y), source.row(y), shape.bytes);
		});
	}
}

} /* namespace fm */
