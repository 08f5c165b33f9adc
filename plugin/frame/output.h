/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "frame.h"
#include "picture.h"

namespace fm {

/**
 * \brief Writes \a picture into \a frame, which has the same size
 *
 * Formats: Rgb, Rgba (opaque), Bgrx, Nv12, I420. A chroma sample is the mean of its 2x2 pixels.
 * \throws Error Internal for another format or size
 */
void writeFrame(const RgbView &picture, const Frame &frame);

} /* namespace fm */
