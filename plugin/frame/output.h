/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "frame.h"
#include "pixel.h"

namespace fm {

/**
 * \brief Writes drawn rows into a frame, in its format
 *
 * Formats: Rgb, Rgba (opaque), Bgrx, Nv12, I420. A chroma sample is the mean of its 2x2 pixels; the
 * last column and row of an odd size stand for their missing neighbours.
 */
class FrameWriter
{
public:
	/** \throws Error Internal for another format */
	explicit FrameWriter(const Frame &frame);

	/** \brief Rows \a y, which is even, and y + 1, which is not looked at where there is none
	 */
	void write(int y, const Rgba8 *row, const Rgba8 *below) const;

private:
	using WriteRow = void (*)(const Rgba8 *row, uint8_t *out, int width);

	void writeYuv(int y, const Rgba8 *row, const Rgba8 *below) const;

	Frame frame_;
	WriteRow writePacked_ = nullptr; /* Null for formats with planes. */
};

} /* namespace fm */
