#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes what featuremosaic tells of a video's feature maps, and of its own speed, as lines of JSON.

After `source tools/env.sh`:

    pipelines/stats.py --output run.jsonl street.mp4 weights=model.pth level=p3 channels=all
    pipelines/plot_stats.py run.jsonl

Each line is one message featuremosaic-stats, with the fields of that name; times are in nanoseconds, and what is not known or
not a number is null. The Python is Debian's, as the package python3-gi is.
"""

import argparse
import json
import math
import os
import sys
import warnings

try:
    import gi
    gi.require_version("Gst", "1.0")
    from gi.repository import Gst
except (ImportError, ValueError) as error:
    sys.exit(f"stats.py: {error}; install Debian's packages python3-gi and gir1.2-gstreamer-1.0")


# Arrays in structures come as GValueArray, for which GLib has nothing newer that Python can read.
warnings.simplefilter("ignore", DeprecationWarning)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", metavar="FILE", help="where to write (standard output)")
    parser.add_argument("--interval", metavar="MS", type=int, default=1,
                        help="milliseconds between two messages (1: one for each frame that takes as long)")
    parser.add_argument("--frames", metavar="N", type=int, default=-1, help="stop after N frames")
    parser.add_argument("--sink", metavar="ELEMENT", default="fakesink",
                        help='where the pictures go ("autovideosink" plays at the speed of the video; default: fakesink)')
    parser.add_argument("video", help="a file of any format that GStreamer decodes")
    parser.add_argument("settings", metavar="property=value", nargs="*", help="properties of featuremosaic")
    arguments = parser.parse_intermixed_args()
    if arguments.interval < 1:
        parser.error("--interval has to be 1 or more")
    if not os.path.exists(arguments.video):
        sys.exit(f"stats.py: no such file: '{arguments.video}'")
    return arguments


def make_pipeline(arguments):
    if not Gst.ElementFactory.find("featuremosaic"):
        sys.exit("stats.py: GStreamer does not find the element featuremosaic: `source tools/env.sh` first")
    pipeline = Gst.parse_launch("filesrc name=file ! decodebin ! videoconvert ! identity name=limit ! queue ! "
                                f"featuremosaic name=mosaic ! videoconvert ! {arguments.sink}")
    pipeline.get_by_name("file").set_property("location", arguments.video)
    # identity ends the stream at that buffer, which it does not let through.
    pipeline.get_by_name("limit").set_property("eos-after", arguments.frames + 1 if arguments.frames >= 0 else -1)
    mosaic = pipeline.get_by_name("mosaic")
    mosaic.set_property("stats-interval", arguments.interval)
    for setting in arguments.settings:
        name, equals, value = setting.partition("=")
        if not equals or not mosaic.find_property(name):
            sys.exit(f"stats.py: featuremosaic has no property for '{setting}'; gst-inspect-1.0 featuremosaic lists them")
        Gst.util_set_object_arg(mosaic, name, value)
    return pipeline


def plain(value):
    """As JSON has it."""
    if isinstance(value, float) and not math.isfinite(value) or value == Gst.CLOCK_TIME_NONE:
        return None
    return value


def fields_of(structure):
    names = [structure.nth_field_name(i) for i in range(structure.n_fields())]
    return {name: plain(structure.get_value(name)) for name in names if name != "levels"}


def line_of(structure):
    _, levels = structure.get_array("levels")
    return fields_of(structure) | {"levels": [fields_of(levels.get_nth(i)) for i in range(levels.n_values)]}


def play(pipeline, output):
    """To the end of the video, or an interrupt; whether all went well."""
    types = Gst.MessageType.ELEMENT | Gst.MessageType.EOS | Gst.MessageType.ERROR | Gst.MessageType.WARNING
    pipeline.set_state(Gst.State.PLAYING)
    while True:
        # Not for longer, as an interrupt is heard of between.
        message = pipeline.get_bus().timed_pop_filtered(Gst.SECOND // 5, types)
        if not message:
            continue
        if message.type == Gst.MessageType.EOS:
            return True
        if message.type == Gst.MessageType.ERROR:
            print(f"stats.py: {message.parse_error()[0].message}", file=sys.stderr)
            return False
        if message.type == Gst.MessageType.WARNING:
            print(f"stats.py: warning: {message.parse_warning()[0].message}", file=sys.stderr)
        elif message.get_structure().get_name() == "featuremosaic-stats":
            print(json.dumps(line_of(message.get_structure())), file=output, flush=True)


def main():
    arguments = parse_arguments()
    Gst.init(None)
    pipeline = make_pipeline(arguments)
    try:
        with open(arguments.output, "w") if arguments.output else sys.stdout as output:
            return 0 if play(pipeline, output) else 1
    except OSError as error:
        sys.exit(f"stats.py: {error}")
    except KeyboardInterrupt:
        return 130
    finally:
        pipeline.set_state(Gst.State.NULL)


sys.exit(main())
