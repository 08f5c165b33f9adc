#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes docs/properties.md from gst-inspect-1.0; with --check, says whether it is up to date."""

import re
import subprocess
import sys
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parent.parent / "docs/properties.md"
FROM_GSTREAMER = {"name", "parent", "async-handling", "message-forward"}


def inspect():
    return subprocess.run(["gst-inspect-1.0", "--no-colors", "featuremosaic"], check=True, capture_output=True,
                          text=True).stdout


def read_tensor_properties(text):
    text = text[text.index("'tensor_%u'"):]
    text = text[text.index("Pad Properties:"):text.index("Element has")]
    return re.findall(r"\n {6}([a-z][\w-]*) *: ", text)


def read_properties(text):
    text = text[text.index("Element Properties:"):]
    properties = []
    for block in re.split(r"\n  (?=[a-z])", text)[1:]:
        lines = [line.strip() for line in block.rstrip().splitlines()]
        name, blurb = re.match(r"([\w-]+)\s*: (.*)", lines[0]).groups()
        if name not in FROM_GSTREAMER:
            properties.append((name, blurb, lines[1], lines[2:]))
    return properties


def describe(lines):
    kind = lines[0].split()[0].rstrip(".")
    default = re.search(r"Default:\s*(.*?)\s*$", lines[0]).group(1)
    if kind == "Enum":
        nicks = [re.match(r"\(\d+\): ([\w-]+)\s+- (.*)", line).groups() for line in lines[1:]]
        values = "<br>".join(f"`{nick}`: {text}" for nick, text in nicks)
        return f"`{default.split(', ')[1].strip(chr(34))}`", values
    if kind in ("Unsigned", "Integer", "Double"):
        low, high = re.search(r"Range:\s*(\S+) -\s*(\S+)", lines[0]).groups()
        return f"`{default}`", f"{low} to {high}"
    return f"`{default.strip(chr(34))}`", "true or false" if kind == "Boolean" else "text"


def render():
    text = inspect()
    tensor = ", ".join(f"`{name}`" for name in sorted(read_tensor_properties(text)))
    rows = []
    for name, blurb, flags, lines in read_properties(text):
        default, values = describe(lines)
        when = "any time" if "PLAYING" in flags else "NULL, READY"
        when += ", controllable" if "controllable" in flags else ""
        rows.append(f"| `{name}` | {default} | {blurb} | {values} | {when} |")
    return "\n".join([
        "# Properties of featuremosaic", "",
        "Made by `tools/make_properties.py` from `gst-inspect-1.0 featuremosaic`; a test compares the two.", "",
        "The properties of the view belong to the pad `src`; the element has them too, and hands them on. Each `src_%u` pad has",
        f"its own; a `tensor_%u` pad has those that choose maps: {tensor}. What is controllable can be bound to a curve over the",
        "video's time with GstController.", "",
        "| property | default | meaning | values | can be set |", "|---|---|---|---|---|", *sorted(rows)]) + "\n"


document = render()
if "--check" in sys.argv:
    if DOCUMENT.read_text() != document:
        sys.exit("docs/properties.md is out of date: run tools/make_properties.py")
else:
    DOCUMENT.write_text(document)
