#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes a basis for view=pca pca-basis=file: principal components of a level's channels over all frames of videos.

After `source tools/env.sh`:

    pipelines/pca_basis.py --output basis.safetensors street.mp4 crossing.mp4 weights=model.pth level=p3,p4

and then

    ... ! featuremosaic weights=model.pth level=p3 view=pca pca-basis=file pca-file=basis.safetensors ! ...

For each level the file has, in float32, what scikit-learn's PCA(3) calls mean_, components_ and explained_variance_:
LEVEL.mean [C], LEVEL.components [3, C], each with its coefficient of largest magnitude above 0, LEVEL.explained_variance [3].
"""

import argparse
import re
from pathlib import Path

import featuremaps  # Before NumPy, see there.
import numpy as np

COMPONENTS = 3
SETTING = re.compile("[a-z-]+=")  # What has another beginning is a video.


class Moments:
    """Mean and covariance of values that come frame by frame, in float64; no frame is kept."""

    def __init__(self, channels):
        self.count = 0
        self.origin = None  # Near the mean: squares of what is far from it would leave few digits of the covariance.
        self.sums = np.zeros(channels)
        self.products = np.zeros((channels, channels))

    def add(self, maps):
        """Maps of a frame, [C, h, w]; what is not finite counts as 0, as it does in the element."""
        values = np.nan_to_num(maps.reshape(len(maps), -1).astype(np.float64), nan=0, posinf=0, neginf=0)
        if self.origin is None:
            self.origin = values.mean(1, keepdims=True)
        values -= self.origin
        self.count += values.shape[1]
        self.sums += values.sum(1)
        self.products += values @ values.T

    def basis(self):
        """Mean [C], components [3, C], explained variance [3], and the variance of all; what fewer channels lack is zeros."""
        mean = self.sums / self.count
        covariance = (self.products - self.count * np.outer(mean, mean)) / max(self.count - 1, 1)
        variances, vectors = np.linalg.eigh(covariance)
        found = min(COMPONENTS, len(mean))
        components = np.zeros((COMPONENTS, len(mean)))
        components[:found] = vectors.T[::-1][:found]
        signs = np.sign(components[range(found), abs(components[:found]).argmax(1)])
        components[:found] *= signs[:, None]
        variance = np.zeros(COMPONENTS)
        variance[:found] = variances[::-1][:found].clip(0)
        return self.origin[:, 0] + mean, components, variance, variances.sum()


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", metavar="FILE", type=Path, default=Path("basis.safetensors"),
                        help="the file to write (basis.safetensors)")
    featuremaps.add_arguments(parser)
    parser.add_argument("arguments", metavar="video|property=value", nargs="+",
                        help="files of any format that GStreamer decodes; level, several of them with commas; all others are the "
                             "element's")
    arguments = parser.parse_intermixed_args()
    settings = [text for text in arguments.arguments if SETTING.match(text)]
    arguments.videos = [text for text in arguments.arguments if not SETTING.match(text)]
    arguments.model, maps = featuremaps.split_settings(parser, settings)
    if not arguments.videos:
        parser.error("no video")
    if not arguments.output.parent.is_dir():
        parser.error(f"no such folder: '{arguments.output.parent}'")
    arguments.levels = list(dict.fromkeys(filter(None, maps.pop("level", "").split(",")))) or [None]
    if maps:
        parser.error(f"{', '.join(maps)}: a basis is of all channels of a level")
    return arguments


def moments_of(arguments):
    """By level."""
    pads = [{"channels": "all"} | ({"level": level} if level else {}) for level in arguments.levels]
    moments = {}
    for video in arguments.videos:
        for frame in featuremaps.play_all(video, arguments.model, pads, arguments.half, arguments.frames):
            for maps in frame:
                if maps.level not in moments:
                    moments[maps.level] = Moments(len(maps.channels))
                moments[maps.level].add(maps.array)
    if not moments:
        raise featuremaps.PipelineError("there are no frames in " + ", ".join(arguments.videos))
    return moments


def write(path, tensors):
    """In one step: an element may be about to read the file that is there."""
    from safetensors.numpy import save
    new = path.with_name(path.name + ".new")
    new.write_bytes(save(tensors))
    new.replace(path)


def main():
    arguments = parse_arguments()
    tensors = {}
    for level, moments in moments_of(arguments).items():
        mean, components, variance, total = moments.basis()
        tensors |= {f"{level}.mean": mean, f"{level}.components": components, f"{level}.explained_variance": variance}
        share = f", {variance.sum() / total:.0%} of the variance" if total > 0 else ""
        print(f"{level}: {len(mean)} channels at {moments.count} places{share}")
    write(arguments.output, {name: np.ascontiguousarray(values, np.float32) for name, values in tensors.items()})
    print(f"wrote {arguments.output}")


featuremaps.run(main)
