/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include "device.h"
#include "error.h"
#include "torchscope.h"
#include "view/deviceview.h"

/** \brief Why there is no CUDA device to test; empty where there is one */
inline std::string whyNoDevice()
{
	static const std::string why = [] {
		try {
			fm::selectDevice("cuda");
			return std::string();
		} catch (const fm::Error &error) {
			return std::string(error.what());
		}
	}();
	return why;
}

/** \brief A case that is run on a CUDA device, or on what stands in for it */
class OnDevice : public testing::Test
{
protected:
	void SetUp() override
	{
		if (!whyNoDevice().empty())
			GTEST_SKIP() << whyNoDevice();
		device = fm::selectDevice("cuda");
		scope.emplace(device.cuda.get());
	}

	/** \brief \a count values on the device */
	template<typename T>
	at::Tensor upload(const T *values, std::size_t count)
	{
		const at::Tensor host = fm::hostBytes(*device.cuda, count * sizeof(T));
		std::memcpy(host.mutable_data_ptr(), values, count * sizeof(T));
		return upload(host);
	}

	at::Tensor upload(const at::Tensor &host) { return host.to(device.tensors()); }

	template<typename T>
	std::vector<T> download(const at::Tensor &tensor)
	{
		const at::Tensor host = tensor.to(at::kCPU).contiguous();
		std::vector<T> values(host.nbytes() / sizeof(T));
		std::memcpy(values.data(), host.const_data_ptr(), host.nbytes());
		return values;
	}

	fm::SelectedDevice device;
	std::optional<fm::TorchScope> scope;
};

constexpr fm::PixelFormat allFormats[] = { fm::PixelFormat::Nv12, fm::PixelFormat::I420,
	                                   fm::PixelFormat::Rgb,  fm::PixelFormat::Bgr,
	                                   fm::PixelFormat::Rgba, fm::PixelFormat::Bgra,
	                                   fm::PixelFormat::Rgbx, fm::PixelFormat::Bgrx,
	                                   fm::PixelFormat::Gray8 };
constexpr fm::PixelFormat drawnFormats[] = { fm::PixelFormat::Rgb, fm::PixelFormat::Rgba,
	                                     fm::PixelFormat::Bgrx, fm::PixelFormat::Nv12,
	                                     fm::PixelFormat::I420 };

/** \brief A frame and its memory, rows further apart than they are long; from a seed, noise */
struct OwnFrame {
	OwnFrame(fm::PixelFormat format, fm::Size size, std::optional<unsigned> seed = {})
		: stride(4 * size.width + 24), bytes(std::size_t{ 3 } * stride * size.height)
	{
		if (seed) {
			std::mt19937 random(*seed);
			for (uint8_t &byte : bytes)
				byte = static_cast<uint8_t>(random());
		}
		frame = at(format, size, bytes.data());
	}

	/** \brief The same frame with its memory at \a data */
	fm::Frame at(fm::PixelFormat format, fm::Size size, uint8_t *data) const
	{
		fm::Frame result = {
			format, size, {}, { 0.2126f, 0.0722f, false }, { true, false }
		};
		for (int plane = 0; plane < 3; ++plane)
			result.planes[plane] = { data + plane * stride * size.height, stride };
		return result;
	}
	fm::Frame at(uint8_t *data) const { return at(frame.format, frame.size, data); }

	std::ptrdiff_t stride;
	std::vector<uint8_t> bytes;
	fm::Frame frame;
};
