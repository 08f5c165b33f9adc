#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# run.sh [SECONDS]: fuzzes the reader of weights files under the address and undefined-behaviour sanitizers (60 s).
# What it finds is in build-fuzz/findings, and the exit status is 1. The corpus in build-fuzz/corpus grows.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

seconds=${1:-60}
[[ $seconds =~ ^[1-9][0-9]{0,6}$ ]] || { echo "Usage: tests/fuzz/run.sh [SECONDS]" >&2; exit 2; }
command -v clang++-16 >/dev/null || { echo "fuzz: no clang++-16; tools/setup.sh installs it" >&2; exit 2; }

ccache=$(command -v ccache || true)
[ -e build-fuzz/build.ninja ] ||
    CC="$ccache clang-16" CXX="$ccache clang++-16" CXXFLAGS=-fsanitize=fuzzer-no-link meson setup build-fuzz -Dfuzz=true \
        -Db_sanitize=address,undefined -Db_lundef=false
ninja -C build-fuzz

mkdir -p build-fuzz/corpus build-fuzz/findings
.venv/bin/python3 tests/fuzz/make_corpus.py build-fuzz/seeds

# The largest seeds just fit; 64 MiB may be unpacked, and the sanitizer doubles what is taken.
log=build-fuzz/fuzz.log
status=0
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 build-fuzz/tests/fuzz/checkpoint_fuzz build-fuzz/corpus build-fuzz/seeds \
    -dict=tests/fuzz/checkpoint.dict -max_len=8192 -rss_limit_mb=2048 -timeout=20 -max_total_time="$seconds" \
    -artifact_prefix=build-fuzz/findings/ -print_final_stats=1 >"$log" 2>&1 || status=1
grep -E '^(==|SUMMARY|artifact_prefix|.*runtime error)' "$log" || true
runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
coverage=$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1)
echo "fuzz: ${runs:-0} executions in $seconds s, ${coverage:-no coverage}, $(find build-fuzz/findings -type f | wc -l) findings kept"
[ "$status" -eq 0 ] || { tail -n 60 "$log" >&2; exit 1; }
