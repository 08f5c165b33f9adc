/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* featuremosaic-describe: prints a backbone's layers and levels, what is computed of it for what is
 * shown, and how a weights file fits it. Exits with 0, with 1 where the element would not take the
 * file, with 2 where it cannot be read, the options are wrong, or the output cannot be written. */
#include <cstdio>
#include <exception>

#include "describe.h"
#include "error.h"

namespace {

void complain(const char *sentence)
{
	std::fprintf(stderr, "featuremosaic-describe: %s\n", sentence);
}

} /* namespace */

int main(int argc, char **argv)
{
	try {
		const Options options = parseOptions(argc, argv);
		const Description description = Description::of(options);
		if (options.json)
			printJson(description);
		else
			printText(description);
		if (std::fflush(stdout) != 0 || std::ferror(stdout)) {
			complain("the description cannot be written");
			return 2;
		}
		return description.weights && !description.weights->suffices ? 1 : 0;
	} catch (const fm::Error &error) {
		complain(error.what());
		if (!error.detail.empty())
			std::fprintf(stderr, "  %s\n", error.detail.c_str());
	} catch (const std::exception &error) {
		complain(error.what());
	}
	return 2;
}
