/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

inline double residentMegabytes()
{
	std::ifstream file("/proc/self/statm");
	double total = 0;
	double resident = 0;
	file >> total >> resident;
	return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

/* Growth of the process in \a count times \a body, in megabytes, from the third on. What malloc
 * keeps moves by a model's size or two either way, as threads come and go; so there are many, and
 * only what grows with each counts. */
template<typename Body>
double growthOver(int count, Body &&body)
{
	double afterThird = 0;
	for (int i = 1; i <= count; ++i) {
		body();
		if (i == 3)
			afterThird = residentMegabytes();
	}
	return residentMegabytes() - afterThird;
}

/** \brief Threads of the process with \a name */
inline int namedThreads(const std::string &name)
{
	int count = 0;
	for (const auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
		std::ifstream file(task.path() / "comm");
		std::string comm;
		count += std::getline(file, comm) && comm == name;
	}
	return count;
}
