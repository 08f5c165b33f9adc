#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A view steered from a real window: keys, the wheel and clicks of xdotool, on an X server of the test's own.

The Python is Debian's, as the package python3-gi is. Without Xvfb, xdotool or that package the test is skipped.
"""

import os
import shutil
import subprocess
import sys
import time

SECONDS = 30  # That anything may take on a busy machine.
WIDTH, HEIGHT = 320, 240


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


for program in ("Xvfb", "xdotool"):
    if not shutil.which(program):
        skip(f"{program} is not installed (Debian's package {program.lower()})")
try:
    import gi
    gi.require_version("Gst", "1.0")
    from gi.repository import Gst
except (ImportError, ValueError) as error:
    skip(f"{error} (Debian's packages python3-gi and gir1.2-gstreamer-1.0)")


def wait_for(what, condition):
    end = time.monotonic() + SECONDS
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            sys.exit(f"failed: waited in vain for {what}")
        time.sleep(0.02)


class Server:
    """An X server on a display that is free."""

    def __init__(self):
        reading, writing = os.pipe()
        self.process = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", "800x600x24", "-nolisten", "tcp"], pass_fds=[writing],
            stderr=subprocess.DEVNULL)
        os.close(writing)
        with os.fdopen(reading) as numbers:
            number = numbers.readline().strip()
        if not number:
            sys.exit("failed: Xvfb did not start")
        os.environ["DISPLAY"] = f":{number}"

    def stop(self):
        self.process.terminate()
        self.process.wait()


def xdotool(*arguments):
    result = subprocess.run(["xdotool", *map(str, arguments)], capture_output=True, text=True, timeout=SECONDS)
    return result.stdout.split()


class Window:
    """A pipeline that ends in one, whose size is fixed: the input's."""

    def __init__(self):
        self.pipeline = Gst.parse_launch(
            f"videotestsrc is-live=true ! video/x-raw,width={WIDTH},height={HEIGHT},framerate=25/1 ! "
            "featuremosaic name=mosaic backbone=mobilenet-v2 level=c3 channels=all columns=2 rows=2 ! "
            f"video/x-raw,width={WIDTH},height={HEIGHT} ! videoconvert ! ximagesink name=sink")
        self.mosaic = self.pipeline.get_by_name("mosaic")
        self.frames = self.caps = 0
        self.mosaic.get_static_pad("src").add_probe(
            Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM, self.note)
        self.pipeline.set_state(Gst.State.PLAYING)
        # It is the display's only one.
        self.number = wait_for("a window", lambda: self.failure() or xdotool("search", "--onlyvisible", "--name", ".*"))[-1]
        wait_for("frames", lambda: self.frames > 2)
        xdotool("windowfocus", "--sync", self.number)

    def note(self, _, info):
        if info.type & Gst.PadProbeType.BUFFER:
            self.frames += 1
        elif info.get_event().type == Gst.EventType.CAPS:
            self.caps += 1
        return Gst.PadProbeReturn.OK

    def failure(self):
        message = self.pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
        if message:
            sys.exit(f"failed: {message.parse_error()}")

    def get(self, name):
        value = self.mosaic.get_property(name)
        return getattr(value, "value_nick", value)

    def expect(self, after, **values):
        for name, value in values.items():
            wait_for(f"{name}={value} after {after}", lambda: self.failure() or self.get(name) == value)
        before = self.frames
        wait_for(f"frames after {after}", lambda: self.failure() or self.frames > before + 1)
        print(f"{after}: {values}")

    def press(self, key, **values):
        xdotool("key", key)
        self.expect(key, **values)

    def click(self, x, y, button=1, **values):
        xdotool("mousemove", "--window", self.number, x, y, "click", button)
        self.expect(f"button {button} at {x},{y}", **values)


def steer(window):
    window.press("2", level="c2")
    window.press("3", level="c3")
    window.press("bracketright", page=1)
    window.press("bracketright", page=2)
    window.press("bracketleft", page=1)
    wheel_up, wheel_down = 4, 5
    window.click(100, 100, wheel_down, page=2)
    window.click(100, 100, wheel_up, page=1)
    window.press("n", normalize="level")
    window.press("c", colormap="magma")
    window.press("f", freeze=True)
    window.press("f", freeze=False)
    window.press("h", help=True)
    window.press("h", help=False)

    # Four channels on a page, two in a row.
    window.click(WIDTH - 10, 10, view="side-by-side", channels="5", columns=1, rows=1, page=0)
    window.click(WIDTH - 10, 10, view="mosaic", channels="all", columns=2, rows=2, page=1)
    window.click(10, HEIGHT - 10, view="side-by-side", channels="6", columns=1, rows=1)
    window.click(10, 10, view="mosaic", channels="all", columns=2, rows=2)
    window.press("v", view="overlay")
    if window.caps != 1:
        sys.exit(f"failed: {window.caps} caps, where the size never changed")


server = Server()
try:
    Gst.init(None)
    for element in ("ximagesink", "featuremosaic"):
        if not Gst.ElementFactory.find(element):
            sys.exit(f"failed: no element {element}")
    window = Window()
    try:
        steer(window)
    finally:
        window.pipeline.set_state(Gst.State.NULL)
finally:
    server.stop()
