/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <string>

namespace fm {

/**
 * \brief Of all values of some maps of a level together
 *
 * What is not a number is counted, and left out of all else. Where there is no number at all, the
 * real ones below are not numbers either.
 */
struct LevelStatistics {
	std::string level;
	int channels; /**< Number of maps */
	double min, max, mean;
	double deviation;    /**< The standard one, of the values as the whole population */
	double zeros;        /**< Their share of the numbers, 0..1 */
	uint64_t notNumbers; /**< Values */
	int dead;            /**< Maps that are constant, as their labels call them */
};

} /* namespace fm */
