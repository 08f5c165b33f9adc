/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>

#include "hostdevice.h"
#include "size.h"

namespace fm {

/** \brief 8 bits a sample; Rgbx and Bgrx have a byte to spare, Rgba and Bgra an alpha that is
 * ignored */
enum class PixelFormat { Nv12, I420, Rgb, Bgr, Rgba, Bgra, Rgbx, Bgrx, Gray8 };

/** \brief One plane of a frame, rows \a stride bytes apart */
struct Plane {
	uint8_t *data;
	std::ptrdiff_t stride;

	FM_HOST_DEVICE uint8_t *row(int y) const { return data + y * stride; }
};

/** \brief How luma and chroma relate to R'G'B' (ITU-T H.273): weights of red and blue, and the
 * range */
struct Colorimetry {
	float kr = 0.299f;
	float kb = 0.114f;
	bool fullRange = false; /**< 0..255 instead of 16..235 (luma) and 16..240 (chroma) */

	bool operator==(const Colorimetry &) const = default;
};

/** \brief Where a chroma sample lies: on the left or upper luma sample of its 2x2, or amid them */
struct ChromaSite {
	bool leftCosited = false;
	bool topCosited = false;

	bool operator==(const ChromaSite &) const = default;
};

/**
 * \brief A video frame where it lies; owns nothing
 *
 * Packed formats and Gray8 use planes[0], Nv12 luma and interleaved chroma, I420 Y, U and V.
 * Chroma planes have (width+1)/2 x (height+1)/2 samples. A frame that is read is not written to.
 */
struct Frame {
	PixelFormat format;
	Size size;
	Plane planes[3];
	Colorimetry colorimetry;
	ChromaSite chromaSite;
	bool isOnDevice = false; /**< The planes are addresses on a CUDA device */
	bool isPinned = false;   /**< A CUDA device gets at the planes, of the host, by itself */
};

} /* namespace fm */
