/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devicemaps.h"
#include "mapsums.h"
#include "picture.h"

struct CUstream_st;

namespace fm {

/**
 * \brief Makes a view's memory ready for its first frame
 *
 * Room for \a channels limits and running ranges, all unknown.
 */
void launchForget(const ViewMemory &memory, int channels, CUstream_st *stream);

/**
 * \brief Finds the ranges of a picture's tiles, as Mosaic::update() does
 *
 * \a picture is on the device. \a quantiles says whether it asks for Normalize::Robust; it is for
 * \a tiles tiles.
 */
void launchRanges(const DeviceMaps &maps, const PictureParameters *picture, int tiles,
                  bool quantiles, CUstream_st *stream);

/** \brief Draws a picture of \a size pixels, as drawMosaic() does, with the ranges last found */
void launchPicture(const DeviceMaps &maps, const PictureParameters *picture, Size size,
                   CUstream_st *stream);

/** \brief Bytes of scratch memory that launchMagnitudes() wants */
std::size_t magnitudesScratch(const DeviceMaps &maps);

/**
 * \brief Mean of |value| of each map into \a means, as meanMagnitudes() finds it
 *
 * \a before is null, or the maps of the frame before, like \a maps; \a boxes is null, or on the
 * device.
 */
void launchMagnitudes(const DeviceMaps &maps, const void *before, const Boxes *boxes, void *scratch,
                      float *means, CUstream_st *stream);

/** \brief Bytes of scratch memory that launchMapSums() wants */
std::size_t mapSumsScratch(const DeviceMaps &maps);

/** \brief Sums of each map, as sumUp() finds them, into \a sums */
void launchMapSums(const DeviceMaps &maps, void *scratch, MapSums *sums, CUstream_st *stream);

} /* namespace fm */
