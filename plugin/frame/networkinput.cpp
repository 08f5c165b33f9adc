/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "networkinput.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <ATen/Parallel.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/upsample_bilinear2d.h>

#include "error.h"
#include "pixel.h"

namespace fm {

namespace {

/* Of the images that torchvision's models were trained on (torchvision.transforms, "ImageNet"). */
constexpr float imageNetMean[] = { 0.485f, 0.456f, 0.406f };
constexpr float imageNetStd[] = { 0.229f, 0.224f, 0.225f };

/* Multiple that GeneralizedRCNNTransform.batch_images pads to. */
constexpr int64_t sizeDivisor = 32;

/* What each of the 256 values of a channel becomes. */
using Table = std::array<std::array<float, 256>, 3>;

Table normalisation(Preprocess mode)
{
	Table table;
	for (int c = 0; c < 3; ++c)
		for (int value = 0; value < 256; ++value) {
			const float unit = static_cast<float>(value) / 255.0f;
			table[c][value] = mode == Preprocess::None
			                          ? unit
			                          : (unit - imageNetMean[c]) / imageNetStd[c];
		}
	return table;
}

template<PixelFormat format>
void convertRows(const Frame &frame, const Table &table, float *planes, int64_t begin, int64_t end)
{
	const auto [width, height] = frame.size;
	const std::ptrdiff_t plane = std::ptrdiff_t{ width } * height;

	for (int y = static_cast<int>(begin); y < end; ++y) {
		float *out = planes + std::ptrdiff_t{ y } * width;
		for (int x = 0; x < width; ++x) {
			const Rgb8 pixel = readPixel<format>(frame, x, y);
			out[x] = table[0][pixel.r];
			out[x + plane] = table[1][pixel.g];
			out[x + 2 * plane] = table[2][pixel.b];
		}
	}
}

using ConvertRows = void (*)(const Frame &, const Table &, float *, int64_t, int64_t);

ConvertRows convertRowsFor(PixelFormat format)
{
	using enum PixelFormat;
	switch (format) {
	case Nv12:
		return convertRows<Nv12>;
	case I420:
		return convertRows<I420>;
	case Rgb:
		return convertRows<Rgb>;
	case Bgr:
		return convertRows<Bgr>;
	case Rgba:
	case Rgbx:
		return convertRows<Rgba>;
	case Bgra:
	case Bgrx:
		return convertRows<Bgra>;
	case Gray8:
		return convertRows<Gray8>;
	}
	throw Error(Error::Kind::Internal, "The frame's format is unknown");
}

/* As torchvision.models.detection.transform._resize_image_and_masks and batch_images do it: one
 * factor in float64, sizes rounded down, then the true ratio of the sizes. */
at::Tensor resizeAndPad(const at::Tensor &image, const PreprocessSettings &settings)
{
	const int64_t height = image.size(2);
	const int64_t width = image.size(3);
	const double scale = std::min(double{ 1.0 } * settings.minSize / std::min(width, height),
	                              double{ 1.0 } * settings.maxSize / std::max(width, height));
	const auto newHeight = static_cast<int64_t>(std::floor(height * scale));
	const auto newWidth = static_cast<int64_t>(std::floor(width * scale));
	if (newHeight == 0 || newWidth == 0)
		throw Error(
			Error::Kind::BadSetting,
			"A frame of " + std::to_string(width) + "x" + std::to_string(height) +
				" pixels vanishes at max-size=" + std::to_string(settings.maxSize));

	const at::Tensor resized =
		at::upsample_bilinear2d(image, { newHeight, newWidth }, /*align_corners=*/false);
	const auto padding = [](int64_t size) {
		return (sizeDivisor - size % sizeDivisor) % sizeDivisor;
	};
	return at::constant_pad_nd(resized, { 0, padding(newWidth), 0, padding(newHeight) });
}

} /* namespace */

at::Tensor networkInput(const Frame &frame, const PreprocessSettings &settings)
{
	const Table table = normalisation(settings.mode);
	const ConvertRows convert = convertRowsFor(frame.format);
	at::Tensor image = at::empty({ 1, 3, frame.size.height, frame.size.width }, at::kFloat);
	float *planes = image.mutable_data_ptr<float>();

	at::parallel_for(0, frame.size.height, 16, [&](int64_t begin, int64_t end) {
		convert(frame, table, planes, begin, end);
	});
	return settings.mode == Preprocess::Detection ? resizeAndPad(image, settings) : image;
}

} /* namespace fm */
