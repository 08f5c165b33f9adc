/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* featuremosaic-describe: prints a backbone's layers and levels, what is computed of it for what is
 * shown, and how a weights file fits it. Exits with 0, with 1 where the file does not fit, with 2
 * where it cannot be read or the options are wrong. */
#include <cstdio>
#include <exception>

#include "describe.h"

int main(int argc, char **argv)
{
	try {
		const Options options = parseOptions(argc, argv);
		const Description description = Description::of(options);
		if (options.json)
			printJson(description);
		else
			printText(description);
		return description.weights && !description.weights->report.fits() ? 1 : 0;
	} catch (const std::exception &error) {
		std::fprintf(stderr, "featuremosaic-describe: %s\n", error.what());
		return 2;
	}
}
