#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Says which C++ files clang-format (14, Debian 12's) would write otherwise.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
find plugin elements tests tools -name '*.cpp' -o -name '*.cu' -o -name '*.h' | grep -v plugin/view/colormap.cpp |
    xargs clang-format --dry-run --Werror
