/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vector>

#include "frame.h"
#include "pixel.h"

namespace fm {

/** \brief Reads a frame row by row, as R, G and B: what readPixel() gives for each pixel */
class RgbRow
{
public:
	explicit RgbRow(const Frame &frame);

	void read(int y) { (this->*read_)(y); }

	int width() const { return frame_.size.width; }
	const uint8_t *r() const { return red_.data(); }
	const uint8_t *g() const { return green_.data(); }
	const uint8_t *b() const { return blue_.data(); }

private:
	using Read = void (RgbRow::*)(int y);

	static Read readFor(PixelFormat format);
	template<PixelFormat format>
	void readPixels(int y);
	void readNv12(int y);
	void spreadChroma(const std::vector<float> &samples, std::vector<float> &out) const;

	Frame frame_;
	Read read_;
	std::vector<uint8_t> red_, green_, blue_;
	std::vector<float> u_, v_, uSamples_,
		vSamples_; /* NV12's chroma, at luma and own places. */
};

} /* namespace fm */
