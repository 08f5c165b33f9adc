/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "networkinput.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <ATen/ops/empty.h>

#include "error.h"
#include "lineartap.h"
#include "parallel.h"
#include "rgbrow.h"

namespace fm {

namespace {

/* Multiple that GeneralizedRCNNTransform.batch_images pads to. */
constexpr int sizeDivisor = 32;

/* Rows that are worth a thread. */
constexpr int grain = 16;

/* What each of the 256 values of a channel becomes. */
template<typename T>
using Table = std::array<std::array<T, 256>, 3>;

template<typename T>
Table<T> tableOf(const PreprocessSettings &settings)
{
	const SampleTable samples = SampleTable::of(settings);
	Table<T> table;
	for (int c = 0; c < 3; ++c)
		for (int value = 0; value < 256; ++value)
			table[c][value] = static_cast<T>(samples.at[c][value]);
	return table;
}

template<typename T>
void normaliseRow(const RgbRow &row, const Table<T> &table, T *out)
{
	for (int x = 0; x < row.width(); ++x) {
		out[3 * x] = table[0][row.r()[x]];
		out[3 * x + 1] = table[1][row.g()[x]];
		out[3 * x + 2] = table[2][row.b()[x]];
	}
}

template<typename T>
void convert(const Frame &frame, const Table<T> &table, T *out)
{
	parallelFor(frame.size.height, grain, [&](int begin, int end) {
		RgbRow row(frame);
		for (int y = begin; y < end; ++y) {
			row.read(y);
			normaliseRow(row, table, out + std::ptrdiff_t{ 3 } * frame.size.width * y);
		}
	});
}

/* As torchvision.models.detection.transform._resize_image_and_masks does it: one factor in float64,
 * sizes rounded down. */
Size resizedSize(Size frame, const PreprocessSettings &settings)
{
	const auto [width, height] = frame;
	const double scale = std::min(double{ 1.0 } * settings.minSize / std::min(width, height),
	                              double{ 1.0 } * settings.maxSize / std::max(width, height));
	const Size size = { static_cast<int>(std::floor(width * scale)),
		            static_cast<int>(std::floor(height * scale)) };
	if (size.width == 0 || size.height == 0)
		throw Error(
			Error::Kind::BadSetting,
			"A frame of " + std::to_string(width) + "x" + std::to_string(height) +
				" pixels vanishes at max-size=" + std::to_string(settings.maxSize));
	return size;
}

std::vector<LinearTap> linearTaps(int from, int to)
{
	std::vector<LinearTap> taps(to);
	for (int i = 0; i < to; ++i)
		taps[i] = linearTap(i, from, to);
	return taps;
}

/* Rows of a frame as floats; the two of a resized row's are kept, as the next one mostly needs them
 * again. */
class FloatRows
{
public:
	explicit FloatRows(const Frame &frame)
		: row_(frame), rows_{ std::vector<float>(std::size_t{ 3 } * frame.size.width),
		                      std::vector<float>(std::size_t{ 3 } * frame.size.width) }
	{
	}

	/* Valid until another row of the same parity is asked for. */
	const float *get(int y)
	{
		const int slot = y % 2;
		if (y_[slot] != y) {
			read(y, rows_[slot].data());
			y_[slot] = y;
		}
		return rows_[slot].data();
	}

private:
	void read(int y, float *out)
	{
		row_.read(y);
		for (int x = 0; x < row_.width(); ++x) {
			out[3 * x] = row_.r()[x];
			out[3 * x + 1] = row_.g()[x];
			out[3 * x + 2] = row_.b()[x];
		}
	}

	RgbRow row_;
	std::array<std::vector<float>, 2> rows_;
	std::array<int, 2> y_ = { -1, -1 };
};

template<typename T>
void resizeRow(const float *above, const float *below, float weight,
               const std::vector<LinearTap> &taps, const SampleTable &table, T *out)
{
	for (const LinearTap &tap : taps)
		for (int c = 0; c < 3; ++c) {
			const auto along = [&](const float *row) {
				return between(row[3 * tap.first + c], row[3 * tap.second + c],
				               tap.weight);
			};
			*out++ = static_cast<T>(
				table.line[c].at(between(along(above), along(below), weight)));
		}
}

/* To the upper left of \a padded, the rest zero. */
template<typename T>
void convertResized(const Frame &frame, const SampleTable &table, const InputShape &shape, T *out)
{
	const auto &[mode, resized, padded] = shape;
	const std::vector<LinearTap> columns = linearTaps(frame.size.width, resized.width);
	const std::vector<LinearTap> rows = linearTaps(frame.size.height, resized.height);
	const std::ptrdiff_t stride = std::ptrdiff_t{ 3 } * padded.width;

	parallelFor(padded.height, grain, [&](int begin, int end) {
		FloatRows source(frame);
		for (int y = begin; y < end; ++y) {
			T *row = out + stride * y;
			T *rest = row;
			if (y < resized.height) {
				const LinearTap &tap = rows[y];
				resizeRow(source.get(tap.first), source.get(tap.second), tap.weight,
				          columns, table, row);
				rest += std::ptrdiff_t{ 3 } * resized.width;
			}
			std::fill(rest, row + stride, T(0.0f));
		}
	});
}

template<typename T>
void fillInput(const Frame &frame, const PreprocessSettings &settings, const InputShape &shape,
               T *out)
{
	if (settings.mode == Preprocess::Detection)
		convertResized(frame, SampleTable::of(settings), shape, out);
	else
		convert(frame, tableOf<T>(settings), out);
}

} /* namespace */

SampleTable SampleTable::of(const PreprocessSettings &settings)
{
	const auto &[mean, deviation] = settings.normalisation;
	SampleTable table;
	for (int c = 0; c < 3; ++c) {
		const bool isNormalised = settings.mode != Preprocess::None;
		const double by = isNormalised ? deviation[c] : 1.0;
		table.line[c] = { static_cast<float>(1.0 / (255.0 * by)),
			          static_cast<float>(isNormalised ? -mean[c] / by : 0.0) };
		for (int value = 0; value < 256; ++value) {
			const float unit = static_cast<float>(value) / 255.0f;
			table.at[c][value] = isNormalised ? (unit - mean[c]) / deviation[c] : unit;
		}
	}
	return table;
}

InputShape InputShape::of(Size frame, const PreprocessSettings &settings)
{
	if (settings.mode != Preprocess::Detection)
		return { settings.mode, frame, frame };
	const auto padded = [](int side) {
		return (side + sizeDivisor - 1) / sizeDivisor * sizeDivisor;
	};
	const Size resized = resizedSize(frame, settings);
	return { settings.mode, resized, { padded(resized.width), padded(resized.height) } };
}

at::Tensor networkInput(const Frame &frame, const PreprocessSettings &settings,
                        c10::ScalarType type)
{
	const InputShape shape = InputShape::of(frame.size, settings);
	const Size size = shape.padded;
	const bool isBFloat16 = type == at::kBFloat16;
	at::Tensor image = at::empty({ 1, 3, size.height, size.width },
	                             at::TensorOptions(isBFloat16 ? at::kBFloat16 : at::kFloat)
	                                     .memory_format(at::MemoryFormat::ChannelsLast));
	if (isBFloat16)
		fillInput(frame, settings, shape, image.mutable_data_ptr<c10::BFloat16>());
	else
		fillInput(frame, settings, shape, image.mutable_data_ptr<float>());
	return image;
}

} /* namespace fm */
