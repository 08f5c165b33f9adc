/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>

#include "frame.h"

namespace fm {

/** \brief A plane's rows, without what there may be between them */
struct PlaneShape {
	int bytes; /**< Of a row */
	int rows;
};

/** \brief Of the plane, 0 to 2, of a frame; without rows where the format has no such plane */
PlaneShape planeShape(PixelFormat format, Size size, int plane);

/** \brief Bytes of a frame like \a frame whose rows and planes lie one behind the other */
std::size_t packedBytes(const Frame &frame);

/** \brief A frame like \a frame, its rows and planes one behind the other from \a data on */
Frame packedFrame(const Frame &frame, void *data);

/** \brief The part of \a frame from column \a left and row \a top on, both even, of \a size */
Frame cropped(const Frame &frame, int left, int top, Size size);

/** \brief Copies the pixels of \a from to \a to, both on the host and of one format and size */
void copyFrame(const Frame &from, const Frame &to);

} /* namespace fm */
