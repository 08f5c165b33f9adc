# SPDX-License-Identifier: LGPL-2.1-or-later
"""Feature maps of a video as NumPy arrays: what maps.py, save_maps.py and pca_basis.py share, and a program of your own may
import.

Import it before NumPy and PyTorch.

    import featuremaps
    for maps in featuremaps.play("street.mp4", {"weights": "model.pth"}, {"level": "p3", "channels": "all"}):
        print(maps.level, maps.array.shape)
"""

import argparse
import os
import sys
import warnings
from dataclasses import dataclass

try:
    try:
        import gi
    except ModuleNotFoundError:
        # An environment made by Debian's Python does not see Debian's packages. Behind all others, only what is missing is
        # taken from there.
        sys.path.append("/usr/lib/python3/dist-packages")
        import gi
    gi.require_version("Gst", "1.0")
    gi.require_version("GstApp", "1.0")
    from gi.repository import Gst, GstApp  # GstApp has the methods of appsink.
    # In this order. Debian's GStreamer brings libunwind along; where NumPy or PyTorch have loaded libstdc++ before, C++
    # exceptions are thrown by one library and go on in the other: then each error of the element ends the process.
    Gst.init(None)
    import numpy as np
except (ImportError, ValueError) as error:
    sys.exit(f"{os.path.basename(sys.argv[0])}: {error}; install Debian's packages python3-gi and gir1.2-gst-plugins-base-1.0, "
             "and NumPy (tools/setup.sh without --runtime has it)")

# Arrays in structures come as GValueArray, for which GLib has nothing newer that Python can read.
warnings.simplefilter("ignore", DeprecationWarning)

TYPES = {"F32LE": np.dtype("<f4"), "F16LE": np.dtype("<f2")}


class PipelineError(Exception):
    """What went wrong, as a sentence."""


@dataclass
class Maps:
    """The maps of one frame."""
    array: np.ndarray  # [channels, height, width]
    level: str
    channels: list     # Of the level, the channel that each map is.
    stride: int        # Pixels of the network's input per value.
    time: float        # Of the frame in the stream, in seconds; None where it has none.


def maps_of(sample):
    """What a sample of appsink holds."""
    caps = sample.get_caps().get_structure(0)
    shape = [caps.get_int(side).value for side in ("channels", "height", "width")]
    buffer = sample.get_buffer()
    # A copy: the element uses the buffer again.
    array = np.frombuffer(buffer.extract_dup(0, buffer.get_size()), TYPES[caps.get_string("format")]).reshape(shape)
    meta = buffer.get_custom_meta("GstFeatureMapsMeta").get_structure()
    _, channels = meta.get_array("channels")
    time = sample.get_segment().to_stream_time(Gst.Format.TIME, buffer.pts)
    return Maps(array, meta.get_string("level"), [channels.get_nth(i) for i in range(channels.n_values)],
                meta.get_int("stride").value, None if time == Gst.CLOCK_TIME_NONE else time / Gst.SECOND)


def set_all(target, settings, of):
    for name, value in settings.items():
        if not target.find_property(name):
            raise PipelineError(f"{of} has no property '{name}'; gst-inspect-1.0 featuremosaic lists them")
        Gst.util_set_object_arg(target, name, value)


def make_pipeline(video, model, pads, half, frames):
    if not Gst.ElementFactory.find("featuremosaic"):
        raise PipelineError("GStreamer does not find the element featuremosaic: `source tools/env.sh` first")
    if not os.path.exists(video):
        raise PipelineError(f"no such file: '{video}'")
    caps = f"application/x-feature-maps,format={'F16LE' if half else 'F32LE'}"
    pipeline = Gst.parse_launch("filesrc name=file ! decodebin ! videoconvert ! identity name=limit ! queue ! "
                                "featuremosaic name=mosaic" +
                                "".join(f" mosaic.tensor_{i} ! queue ! appsink name=sink_{i} sync=false max-buffers=4 "
                                        f"caps={caps}" for i in range(len(pads))))
    pipeline.get_by_name("file").set_property("location", video)
    # With n it ends in the place of the n-th frame.
    pipeline.get_by_name("limit").set_property("eos-after", frames + 1 if frames >= 0 else -1)
    mosaic = pipeline.get_by_name("mosaic")
    set_all(mosaic, model, "featuremosaic")
    for i, maps in enumerate(pads):
        set_all(mosaic.get_static_pad(f"tensor_{i}"), maps, "a pad for maps")
    return pipeline


def raise_errors(pipeline):
    bus = pipeline.get_bus()
    while message := bus.pop_filtered(Gst.MessageType.ERROR | Gst.MessageType.WARNING):
        if message.type == Gst.MessageType.ERROR:
            raise PipelineError(message.parse_error()[0].message)
        print(f"warning: {message.parse_warning()[0].message}", file=sys.stderr)


def pull(pipeline, sink):
    """The next Maps; None at the end."""
    while True:
        # Not for longer, as errors and interrupts are heard of between.
        sample = sink.try_pull_sample(Gst.SECOND // 5)
        raise_errors(pipeline)
        if sample:
            return maps_of(sample)
        if sink.is_eos():
            return None


def play_all(video, model, pads, half=False, frames=-1):
    """Yields for each frame a list of Maps, one for each of pads, from one pass of the network; else as play()."""
    pipeline = make_pipeline(video, model, pads, half, frames)
    sinks = [pipeline.get_by_name(f"sink_{i}") for i in range(len(pads))]
    try:
        pipeline.set_state(Gst.State.PLAYING)
        while None not in (maps := [pull(pipeline, sink) for sink in sinks]):
            yield maps
    finally:
        pipeline.set_state(Gst.State.NULL)


def play(video, model, maps, half=False, frames=-1):
    """Yields the Maps of each frame of a file, or of the first frames.

    model are properties of the element as texts, maps those of its pad: level, channels, freeze, rank-in. With half the values
    are float16.
    """
    for of_pads in play_all(video, model, [maps], half, frames):
        yield of_pads[0]


def add_arguments(parser):
    """Adds what all scripts take."""
    parser.add_argument("--half", action="store_true", help="take the values as float16 (float32)")
    parser.add_argument("--frames", metavar="N", type=int, default=-1, help="stop after N frames")


def split_settings(parser, settings):
    """Of texts property=value those of the model and those of the maps, as play() takes them."""
    model, maps = {}, {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            parser.error(f"'{setting}' is not property=value")
        of = maps if name in ("level", "channels", "freeze", "rank-in") else model
        of[name] = value
    return model, maps


def parse_arguments(parser):
    """Returns the arguments of the command line of a script that takes one video; model and maps as play() takes them."""
    add_arguments(parser)
    parser.add_argument("video", help="a file of any format that GStreamer decodes")
    parser.add_argument("settings", metavar="property=value", nargs="*",
                        help="level, channels and rank-in of the maps; all others are the element's")
    arguments = parser.parse_intermixed_args()
    arguments.model, arguments.maps = split_settings(parser, arguments.settings)
    return arguments


def run(main):
    """Runs a script's main(); what is wrong is one sentence, and the exit status."""
    try:
        main()
    except (PipelineError, OSError) as error:
        sys.exit(f"{os.path.basename(sys.argv[0])}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
