/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pixel.h"
#include "settings.h"

namespace fm {

/** \brief Around 0, as far as \a range reaches on either side */
FM_HOST_DEVICE inline Range symmetric(Range range)
{
	const float low = std::fabs(range.low);
	const float high = std::fabs(range.high);
	const float reach = low > high ? low : high;
	return { -reach, reach };
}

/** \brief An exponential average over frames, with \a now, the newest */
FM_HOST_DEVICE inline Range smoothed(Range average, Range now)
{
	constexpr float weight = 0.1f;
	return { average.low + weight * (now.low - average.low),
		 average.high + weight * (now.high - average.high) };
}

/** \brief Both, the smallest that holds each */
FM_HOST_DEVICE inline Range joined(Range a, Range b)
{
	return { b.low < a.low ? b.low : a.low, b.high > a.high ? b.high : a.high };
}

/** \brief Quantiles that Normalize::Robust takes for the ends */
constexpr double robustLow = 0.01, robustHigh = 0.99;

} /* namespace fm */
