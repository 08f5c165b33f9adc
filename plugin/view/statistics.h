/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "maps.h"
#include "pixel.h"

namespace fm {

/** \brief Smallest and largest value of \a map, not-a-number aside; 0, 0 where there is none */
Range minMax(const MapView &map);

/**
 * \brief The \a low and \a high quantiles (0..1) of \a map, not-a-number aside
 *
 * Linear between neighbours, as numpy.quantile computes it by default.
 */
Range quantiles(const MapView &map, double low, double high);

/** \brief Mean of |value|, not-a-number aside */
float meanMagnitude(const MapView &map);

} /* namespace fm */
