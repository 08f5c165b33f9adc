/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "profile.h"

#include <iomanip>
#include <map>
#include <sstream>
#include <utility>

#include "deviceactivity.h"

namespace {

constexpr int frames = 30;

struct Time {
	double count = 0, milliseconds = 0; /* Of a frame. */
};

/* What a device's activity is for, by its name. */
std::string stageOf(const std::string &activity)
{
	constexpr std::pair<const char *, const char *> stages[] = {
		{ "Memcpy HtoD", "upload" },    { "Memcpy DtoH", "download" },
		{ "networkInput<", "input" },   { "findLimits<", "ranges" },
		{ "findQuantiles<", "ranges" }, { "setRanges", "ranges" },
		{ "drawPicture<", "picture" },
	};
	for (const auto &[part, stage] : stages)
		if (activity.find(part) != std::string::npos)
			return stage;
	return "network";
}

/* By what \a nameOf calls it. */
std::map<std::string, Time> times(const RunFrames &run, std::string (*nameOf)(const std::string &))
{
	std::map<std::string, Time> times;
	for (const fm::DeviceActivity &activity : fm::deviceActivities([&] { run(frames); })) {
		Time &time = times[nameOf(activity.name)];
		time.count += 1.0 / frames;
		time.milliseconds += 1e3 * activity.seconds / frames;
	}
	return times;
}

/* With what \a write says of each. */
std::string json(const std::map<std::string, Time> &times,
                 void (*write)(std::ostream &, const Time &))
{
	std::ostringstream text;
	const char *before = "{";
	for (const auto &[name, time] : times) {
		text << std::exchange(before, ",") << std::quoted(name) << ":";
		write(text, time);
	}
	return times.empty() ? "null" : text.str() + "}";
}

} /* namespace */

std::string timeByStage(const RunFrames &run)
{
	return json(times(run, stageOf),
	            [](std::ostream &out, const Time &time) { out << time.milliseconds; });
}

std::string timeByKernel(const RunFrames &run)
{
	return json(times(run, [](const std::string &name) { return name; }),
	            [](std::ostream &out, const Time &time) {
			    out << "[" << time.count << "," << time.milliseconds << "]";
		    });
}
