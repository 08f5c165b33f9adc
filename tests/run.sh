#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sets up, then runs every test. The last line is "N passed, N failed, N skipped".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools/setup.sh
source tools/env.sh

status=0
meson test -C build --print-errorlogs "$@" || status=$?
python3 tests/summary.py build/meson-logs/testlog.junit.xml || status=1
exit "$status"
