#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints what the feature maps of each frame of a video are: shape, channels, and the mean of each, as lines of JSON.

After `source tools/env.sh`:

    pipelines/maps.py street.mp4 weights=model.pth level=p3 channels=top:12
"""

import argparse
import json
import math

import featuremaps


def line_of(maps):
    means = maps.array.mean(axis=(1, 2), dtype="float64")
    return {"time": maps.time, "level": maps.level, "stride": maps.stride, "shape": maps.array.shape,
            "channels": maps.channels, "means": [mean if math.isfinite(mean) else None for mean in means.tolist()]}


def main():
    arguments = featuremaps.parse_arguments(argparse.ArgumentParser(description=__doc__.splitlines()[0]))
    for maps in featuremaps.play(arguments.video, arguments.model, arguments.maps, arguments.half, arguments.frames):
        print(json.dumps(line_of(maps)), flush=True)


featuremaps.run(main)
