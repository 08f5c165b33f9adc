/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "frame/rgbrow.h"

using namespace fm;

namespace {

constexpr Size size = { 37, 11 }; /* Odd, and no multiple of a vector's width. */

/* A frame of noise; rows are further apart than they are long. */
class NoiseFrame
{
public:
	explicit NoiseFrame(PixelFormat format)
	{
		std::mt19937 random(1);
		for (auto &plane : bytes_) {
			plane.resize(std::size_t{ stride } * size.height);
			for (uint8_t &byte : plane)
				byte = static_cast<uint8_t>(random());
		}
		frame = { format, size, {}, { 0.2126f, 0.0722f, false }, { true, false } };
		for (int i = 0; i < 3; ++i)
			frame.planes[i] = { bytes_[i].data(), stride };
	}

	Frame frame;

private:
	static constexpr int stride = 160;
	std::vector<uint8_t> bytes_[3];
};

template<PixelFormat format>
void expectRowsOfPixels()
{
	const NoiseFrame noise(format);
	RgbRow row(noise.frame);
	for (int y = 0; y < size.height; ++y) {
		row.read(y);
		for (int x = 0; x < size.width; ++x) {
			const Rgb8 pixel = readPixel<format>(noise.frame, x, y);
			/* The order of NV12's interpolations differs: by one, if rounding does. */
			const int tolerance = format == PixelFormat::Nv12 ? 1 : 0;
			ASSERT_NEAR(row.r()[x], pixel.r, tolerance) << x << "," << y;
			ASSERT_NEAR(row.g()[x], pixel.g, tolerance) << x << "," << y;
			ASSERT_NEAR(row.b()[x], pixel.b, tolerance) << x << "," << y;
		}
	}
}

} /* namespace */

TEST(RgbRow, ReadsThePixelsOfEveryFormat)
{
	using enum PixelFormat;
	expectRowsOfPixels<Nv12>();
	expectRowsOfPixels<I420>();
	expectRowsOfPixels<Rgb>();
	expectRowsOfPixels<Bgr>();
	expectRowsOfPixels<Rgba>();
	expectRowsOfPixels<Bgra>();
	expectRowsOfPixels<Rgbx>();
	expectRowsOfPixels<Bgrx>();
	expectRowsOfPixels<Gray8>();
}
