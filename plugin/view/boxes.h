/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cmath>
#include <span>

#include "frame/inputpixel.h"
#include "frame/region.h"
#include "hostdevice.h"

namespace fm {

/** \brief Pixels of a picture, or values of a map, up to \a right and \a bottom, which are beyond
 */
struct PixelBox {
	int left, top, right, bottom;

	FM_HOST_DEVICE bool holds(int x, int y) const
	{
		return x >= left && x < right && y >= top && y < bottom;
	}

	/** \brief Whether a line of \a thickness pixels along the inner side goes through */
	FM_HOST_DEVICE bool hasOnEdge(int x, int y, int thickness) const
	{
		const PixelBox inner = { left + thickness, top + thickness, right - thickness,
			                 bottom - thickness };
		return holds(x, y) && !inner.holds(x, y);
	}
};

/** \brief A region as shares of the network's input, and so of each map, padding included */
struct Box {
	float left, top, right, bottom;

	/** \brief All that the box touches of \a size pixels, but for what lies within rounding */
	FM_HOST_DEVICE PixelBox in(Size size) const
	{
		const int x = first(left, size.width);
		const int y = first(top, size.height);
		return { x, y, end(x, right, size.width), end(y, bottom, size.height) };
	}

private:
	static constexpr float rounding = 1e-3f; /* In pixels. */

	FM_HOST_DEVICE static int first(float share, int size)
	{
		const auto pixel =
			static_cast<int>(std::floor(share * static_cast<float>(size) + rounding));
		return pixel < size ? pixel : size - 1;
	}

	/* At least one pixel from \a first on. */
	FM_HOST_DEVICE static int end(int first, float share, int size)
	{
		const auto pixel =
			static_cast<int>(std::ceil(share * static_cast<float>(size) - rounding));
		return pixel > first ? pixel : first + 1;
	}
};

/** \brief The boxes of a frame, as the host and kernels read them */
struct Boxes {
	static constexpr int most = 128;

	int count = 0;
	Box at[most] = {};

	/**
	 * \brief Those of \a regions of a frame of \a frame pixels, which becomes \a input
	 *
	 * As far as they lie on the frame; the first of them where there are more than \a most.
	 */
	static Boxes of(std::span<const Region> regions, Size frame, const InputShape &input);

	FM_HOST_DEVICE bool empty() const { return count == 0; }

	/** \brief Whether any of them touches the value at \a x and \a y of a map of \a size */
	FM_HOST_DEVICE bool touch(Size size, int x, int y) const
	{
		for (int k = 0; k < count; ++k)
			if (at[k].in(size).holds(x, y))
				return true;
		return false;
	}

	/** \brief Whether the outline of any of them, on a tile of \a size, goes through */
	FM_HOST_DEVICE bool haveOnEdge(Size size, int x, int y) const
	{
		for (int k = 0; k < count; ++k)
			if (at[k].in(size).hasOnEdge(x, y, thickness(size)))
				return true;
		return false;
	}

	/** \brief Of their outlines on a tile of \a size, in pixels */
	FM_HOST_DEVICE static int thickness(Size size) { return size.width < 320 ? 1 : 2; }
};

} /* namespace fm */
