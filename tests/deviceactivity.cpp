/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "deviceactivity.h"

#include <torch/csrc/autograd/profiler_kineto.h>

namespace fm {

std::vector<DeviceActivity> deviceActivities(const std::function<void()> &body)
{
	namespace profiler = torch::autograd::profiler;
	namespace settings = torch::profiler::impl;

	const settings::ProfilerConfig config(settings::ProfilerState::KINETO);
	const std::set<settings::ActivityType> kinds = { settings::ActivityType::CPU,
		                                         settings::ActivityType::CUDA };
	profiler::prepareProfiler(config, kinds);
	profiler::enableProfiler(config, kinds);
	body();
	const auto result = profiler::disableProfiler();

	std::vector<DeviceActivity> activities;
	for (const profiler::KinetoEvent &event : result->events())
		if (event.deviceType() == c10::DeviceType::CUDA)
			activities.push_back(
				{ event.name(), 1e-9 * static_cast<double>(event.durationNs()) });
	return activities;
}

} /* namespace fm */
