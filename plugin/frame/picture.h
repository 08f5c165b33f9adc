/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "size.h"

namespace fm {

/** \brief Interleaved RGB, 8 bits each, rows \a stride bytes apart; owns nothing */
struct RgbView {
	uint8_t *data;
	int width, height;
	std::ptrdiff_t stride;

	uint8_t *row(int y) const { return data + y * stride; }
	RgbView part(int x, int y, int w, int h) const { return { row(y) + 3 * x, w, h, stride }; }
};

/** \brief A picture of its own, RGB, 8 bits each */
class Picture
{
public:
	Size size() const { return size_; }
	bool empty() const { return pixels_.empty(); }

	RgbView view()
	{
		return { pixels_.data(), size_.width, size_.height,
			 3 * std::ptrdiff_t{ size_.width } };
	}

	/** \brief Black, of \a size */
	void reset(Size size)
	{
		size_ = size;
		pixels_.assign(std::size_t{ 3 } * size.width * size.height, 0);
	}

private:
	Size size_ = {};
	std::vector<uint8_t> pixels_;
};

} /* namespace fm */
