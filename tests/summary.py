#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints what each test suite skipped, and "N passed, N failed, N skipped", from meson's JUnit file.

meson's own summary counts a GoogleTest program as one test and does not see what it skips.
"""

import sys
import xml.etree.ElementTree as ElementTree

passed = failed = skipped = 0
for case in ElementTree.parse(sys.argv[1]).iter("testcase"):
    name = f'{case.get("classname", "")} {case.get("name")}'.strip()
    if case.find("failure") is not None or case.find("error") is not None:
        failed += 1
        print(f"failed: {name}")
    elif (skip := case.find("skipped")) is not None or case.get("result") == "skipped":
        skipped += 1
        reason = (skip.get("message") or skip.text or "") if skip is not None else ""
        print(f"skipped: {name} {reason.strip()}".rstrip())
    else:
        passed += 1
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(1 if failed or not passed else 0)
