/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace fm {

/** \brief One thing that a CUDA device did: a kernel by its name, or "Memcpy HtoD (...)" and the
 * like */
struct DeviceActivity {
	std::string name;
	double seconds;
};

/**
 * \brief All that the CUDA devices do for this process while \a body runs, as CUPTI tells
 *
 * \a body ends with the device idle. Empty without a device.
 */
std::vector<DeviceActivity> deviceActivities(const std::function<void()> &body);

} /* namespace fm */
