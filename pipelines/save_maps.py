#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the feature maps of each frame of a video as a file of its own, .npy or .safetensors, into a folder.

After `source tools/env.sh`:

    pipelines/save_maps.py --output maps street.mp4 weights=model.pth level=p3 channels=all

The files are 000000.npy, 000001.npy and so on, each an array [channels, height, width]; in a .safetensors file it is called as
the level is. maps.jsonl in the folder has a line for each: its name, time, level, stride and channels.
"""

import argparse
import json
from pathlib import Path

import featuremaps  # Before NumPy, see there.
import numpy as np


def write(path, maps):
    if path.suffix == ".npy":
        np.save(path, maps.array)
        return
    from safetensors.numpy import save_file
    # Of the metadata all is text.
    save_file({maps.level: maps.array}, path, {"channels": json.dumps(maps.channels), "stride": str(maps.stride)})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", metavar="FOLDER", type=Path, default=Path("maps"), help="where to write (maps)")
    parser.add_argument("--format", choices=("npy", "safetensors"), default="npy", help="of the files (npy)")
    arguments = featuremaps.parse_arguments(parser)
    count = 0
    arguments.output.mkdir(parents=True, exist_ok=True)
    with open(arguments.output / "maps.jsonl", "w") as index:
        for maps in featuremaps.play(arguments.video, arguments.model, arguments.maps, arguments.half, arguments.frames):
            path = arguments.output / f"{count:06}.{arguments.format}"
            write(path, maps)
            print(json.dumps({"file": path.name, "time": maps.time, "level": maps.level, "stride": maps.stride,
                              "channels": maps.channels}), file=index, flush=True)
            count += 1
    print(f"{count} files in {arguments.output}")


featuremaps.run(main)
