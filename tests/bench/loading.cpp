/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loads the backbone in a checkpoint each time that a line comes in. Prints how long that took, in
 * milliseconds, the memory of its weights, and the process's own memory (without mapped files) with
 * it and before, in MiB. */
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>

#include <c10/core/InferenceMode.h>

#include "backbone/weights.h"
#include "tensormemory.h"

namespace {

double mebibytes(int64_t bytes)
{
	return static_cast<double>(bytes) / (1 << 20);
}

/* Memory of the process, without that of mapped files. */
double ownMemory()
{
	const std::string name = "RssAnon:";
	std::ifstream status("/proc/self/status");
	for (std::string line; std::getline(status, line);)
		if (line.starts_with(name))
			return std::stod(line.substr(name.size())) / 1024;
	return 0;
}

} /* namespace */

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	const c10::InferenceMode inference;
	const fm::TensorMemoryScope memory;
	for (std::string line; std::getline(std::cin, line);) {
		const double before = ownMemory();
		const auto start = std::chrono::steady_clock::now();
		const auto loaded =
			fm::loadBackbone({ .weights = argv[1] }, at::TensorOptions(at::kFloat));
		const std::chrono::duration<double, std::milli> took =
			std::chrono::steady_clock::now() - start;
		const auto &network =
			dynamic_cast<fm::PlannedBackbone &>(*loaded.backbone).network();
		std::printf("%.3f %.1f %.1f %.1f\n", took.count(),
		            mebibytes(network.parameters() * sizeof(float)), ownMemory(), before);
		std::fflush(stdout);
	}
	return 0;
}
