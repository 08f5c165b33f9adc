#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plays a video with properties of featuremosaic that follow curves over time.

After `source tools/env.sh`, an overlay that fades in for two seconds, and out in the fifth:

    pipelines/curves.py street.mp4 weights=model.pth view=overlay --curve alpha=0:0,2:1,4:1,5:0

All channels, a grid full of them each second:

    pipelines/curves.py street.mp4 weights=model.pth channels=all --curve page=0:0,1:1,2:2,3:3

A curve is a property and points, each a time in seconds and a value. Between two points real numbers go evenly from one to the
other, whole ones stay what they are; behind the last point the value is the last. Which properties can follow a curve
docs/properties.md says. The Python is Debian's, as the package python3-gi is.
"""

import argparse
import os
import sys

try:
    import gi
    gi.require_version("Gst", "1.0")
    gi.require_version("GstController", "1.0")
    from gi.repository import GObject, Gst, GstController
except (ImportError, ValueError) as error:
    sys.exit(f"curves.py: {error}; install Debian's packages python3-gi and gir1.2-gstreamer-1.0")


def curve(text):
    name, _, points = text.partition("=")
    try:
        return name, [tuple(map(float, point.split(":", 1))) for point in points.split(",") if point.index(":")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not like alpha=0:0,2:1") from None


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--curve", metavar="property=time:value,...", type=curve, action="append", default=[],
                        dest="curves", help="seconds and values that the property goes through; may be given several times")
    parser.add_argument("--sink", metavar="ELEMENT", default="autovideosink", help="where the pictures go (autovideosink)")
    parser.add_argument("video", help="a file of any format that GStreamer decodes")
    parser.add_argument("settings", metavar="property=value", nargs="*", help="other properties of featuremosaic")
    arguments = parser.parse_intermixed_args()
    if not os.path.exists(arguments.video):
        sys.exit(f"curves.py: no such file: '{arguments.video}'")
    return arguments


def find(mosaic, name, text):
    spec = mosaic.find_property(name)
    if not spec:
        sys.exit(f"curves.py: featuremosaic has no property for '{text}'; gst-inspect-1.0 featuremosaic lists them")
    return spec


def bind(mosaic, name, points):
    """From now on the element sets its property itself, for each frame, to the value at the frame's time."""
    spec = find(mosaic, name, name)
    if not spec.flags & Gst.PARAM_CONTROLLABLE:
        sys.exit(f"curves.py: '{name}' cannot follow a curve; docs/properties.md says which can")
    is_whole = spec.value_type == GObject.TYPE_UINT
    mode = GstController.InterpolationMode.NONE if is_whole else GstController.InterpolationMode.LINEAR
    source = GstController.InterpolationControlSource(mode=mode)
    for time, value in points:
        if time < 0 or not spec.minimum <= value <= spec.maximum:
            sys.exit(f"curves.py: {name}={value:g} at {time:g} s: times are 0 or later, values {spec.minimum:g} to "
                     f"{spec.maximum:g}")
        source.set(round(time * Gst.SECOND), value)
    mosaic.add_control_binding(GstController.DirectControlBinding.new_absolute(mosaic, name, source))


def make_pipeline(arguments):
    if not Gst.ElementFactory.find("featuremosaic"):
        sys.exit("curves.py: GStreamer does not find the element featuremosaic: `source tools/env.sh` first")
    pipeline = Gst.parse_launch("filesrc name=file ! decodebin ! videoconvert ! queue ! featuremosaic name=mosaic ! "
                                f"videoconvert ! {arguments.sink}")
    pipeline.get_by_name("file").set_property("location", arguments.video)
    mosaic = pipeline.get_by_name("mosaic")
    for setting in arguments.settings:
        name, _, value = setting.partition("=")
        find(mosaic, name, setting)
        Gst.util_set_object_arg(mosaic, name, value)
    for name, points in arguments.curves:
        bind(mosaic, name, points)
    return pipeline


def play(pipeline):
    """To the end of the video, or an interrupt; whether all went well."""
    types = Gst.MessageType.EOS | Gst.MessageType.ERROR | Gst.MessageType.WARNING
    pipeline.set_state(Gst.State.PLAYING)
    while True:
        # Not for longer, as an interrupt is heard of between.
        message = pipeline.get_bus().timed_pop_filtered(Gst.SECOND // 5, types)
        if not message:
            continue
        if message.type == Gst.MessageType.EOS:
            return True
        if message.type == Gst.MessageType.ERROR:
            print(f"curves.py: {message.parse_error()[0].message}", file=sys.stderr)
            return False
        print(f"curves.py: warning: {message.parse_warning()[0].message}", file=sys.stderr)


def main():
    arguments = parse_arguments()
    Gst.init(None)
    pipeline = make_pipeline(arguments)
    try:
        return 0 if play(pipeline) else 1
    except KeyboardInterrupt:
        return 130
    finally:
        pipeline.set_state(Gst.State.NULL)


sys.exit(main())
