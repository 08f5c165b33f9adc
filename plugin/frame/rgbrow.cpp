/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rgbrow.h"

#include "error.h"

namespace fm {

RgbRow::RgbRow(const Frame &frame)
	: frame_(frame), read_(readFor(frame.format)), red_(frame.size.width),
	  green_(frame.size.width), blue_(frame.size.width)
{
	if (frame.format != PixelFormat::Nv12)
		return;
	for (auto *row : { &u_, &v_ })
		row->resize(frame.size.width);
	for (auto *samples : { &uSamples_, &vSamples_ })
		samples->resize((frame.size.width + 1) / 2);
}

RgbRow::Read RgbRow::readFor(PixelFormat format)
{
	using enum PixelFormat;
	switch (format) {
	case Nv12:
		return &RgbRow::readNv12;
	case I420:
		return &RgbRow::readPixels<I420>;
	case Rgb:
		return &RgbRow::readPixels<Rgb>;
	case Bgr:
		return &RgbRow::readPixels<Bgr>;
	case Rgba:
	case Rgbx:
		return &RgbRow::readPixels<Rgba>;
	case Bgra:
	case Bgrx:
		return &RgbRow::readPixels<Bgra>;
	case Gray8:
		return &RgbRow::readPixels<Gray8>;
	}
	throw Error(Error::Kind::Internal, "The frame's format is unknown");
}

template<PixelFormat format>
void RgbRow::readPixels(int y)
{
	const Frame frame = frame_;
	uint8_t *red = red_.data();
	uint8_t *green = green_.data();
	uint8_t *blue = blue_.data();
	for (int x = 0; x < frame.size.width; ++x) {
		const Rgb8 pixel = readPixel<format>(frame, x, y);
		red[x] = pixel.r;
		green[x] = pixel.g;
		blue[x] = pixel.b;
	}
}

/* Chroma at each luma sample of a row from \a samples, which are at the row's height already. */
void RgbRow::spreadChroma(const std::vector<float> &samples, std::vector<float> &out) const
{
	const int count = static_cast<int>(samples.size());
	for (int x = 0; x < frame_.size.width; ++x) {
		const ChromaTap tap = chromaTap(x, count, frame_.chromaSite.leftCosited);
		out[x] =
			samples[tap.first] * (1.0f - tap.weight) + samples[tap.second] * tap.weight;
	}
}

void RgbRow::readNv12(int y)
{
	const auto [width, height] = frame_.size;
	const ChromaTap tap = chromaTap(y, (height + 1) / 2, frame_.chromaSite.topCosited);
	const uint8_t *first = frame_.planes[1].row(tap.first);
	const uint8_t *second = frame_.planes[1].row(tap.second);
	for (std::size_t i = 0; i < uSamples_.size(); ++i) {
		const auto along = [&](std::size_t place) {
			return static_cast<float>(first[place]) * (1.0f - tap.weight) +
			       static_cast<float>(second[place]) * tap.weight;
		};
		uSamples_[i] = along(2 * i);
		vSamples_[i] = along(2 * i + 1);
	}
	spreadChroma(uSamples_, u_);
	spreadChroma(vSamples_, v_);

	const uint8_t *luma = frame_.planes[0].row(y);
	const YuvToRgb convert = YuvToRgb::of(frame_.colorimetry);
	for (int x = 0; x < width; ++x) {
		const Rgb8 pixel = roundToBytes(convert(luma[x], u_[x], v_[x]));
		red_[x] = pixel.r;
		green_[x] = pixel.g;
		blue_[x] = pixel.b;
	}
}

} /* namespace fm */
