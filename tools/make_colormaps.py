#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints plugin/view/colormap.cpp from matplotlib's own tables."""

import matplotlib

NAMES = ["viridis", "magma", "inferno", "plasma", "cividis", "turbo", "gray", "coolwarm"]

print("""/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Made by tools/make_colormaps.py from matplotlib's tables; do not edit. */
#include "colormap.h"

namespace fm {

/* clang-format off */
namespace {

const ColormapTable tables[] = {""")
for name in NAMES:
    print(f"\t/* {name} */ {{{{")
    colors = matplotlib.colormaps[name](range(256), bytes=True)[:, :3]
    for start in range(0, 256, 8):
        row = ", ".join("{%d, %d, %d}" % tuple(c) for c in colors[start:start + 8])
        print(f"\t\t{row},")
    print("\t}},")
print("""};

} /* namespace */
/* clang-format on */

const ColormapTable &colormapTable(Colormap colormap)
{
	return tables[static_cast<int>(colormap)];
}

} /* namespace fm */""")
