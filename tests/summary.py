#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints what was skipped and why, and "N passed, N failed, N skipped", from meson's JUnit file.

meson's own summary counts a GoogleTest program as one test and does not see what it skips.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree

passed = failed = skipped = 0
names_by_reason = {}
for case in ElementTree.parse(sys.argv[1]).iter("testcase"):
    name = f'{case.get("classname", "")} {case.get("name")}'.strip()
    if case.find("failure") is not None or case.find("error") is not None:
        failed += 1
        print(f"failed: {name}")
    elif (skip := case.find("skipped")) is not None or case.get("result") == "skipped":
        skipped += 1
        reason = (skip.get("message") or skip.text or "") if skip is not None else ""
        reason = re.sub(r"^\S+:\d+\n", "", reason.strip()) or "no reason given"  # GoogleTest's FILE:LINE.
        names_by_reason.setdefault(reason, []).append(name)
    else:
        passed += 1
for reason, names in names_by_reason.items():
    print(f"skipped: {names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}: {reason}")
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(1 if failed or not passed else 0)
