# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether two contestants compute the same."""

import numpy as np

import viridis
from contestant import LeftOut
from tables import NAMES, title_of


class Mismatch(Exception):
    """Two contestants do not compute the same."""


# Steps of the 256 colours by which 99 of 100 pixels may differ; part of a level's largest magnitude that features may.
PICTURE_TOLERANCE = {"float32": 1, "float16": 5, "bfloat16": 12}
FEATURE_TOLERANCE = {"float32": 1e-4, "float16": 1e-2, "bfloat16": 4e-2}


def picture_of(bench, contestant):
    file = bench.work / "picture"
    contestant.ask("picture", file)
    places = viridis.steps_of(np.fromfile(file, np.uint8).reshape(-1, 3))
    if places is None:
        raise Mismatch(f"{contestant.name} draws colours that are not viridis's")
    return places


def compare_pictures(expected, places, precision, what):
    if expected.shape != places.shape:
        raise Mismatch(f"{what}: a picture of {places.size} pixels, not {expected.size}")
    if ((expected < 0) != (places < 0)).any():
        raise Mismatch(f"{what}: the background is elsewhere")
    distance = abs(expected - places)
    most = np.percentile(distance, 99)
    if most > PICTURE_TOLERANCE[precision]:
        raise Mismatch(f"{what}: one pixel of a hundred differs by {most:.0f} colours or more "
                       f"(accepted: {PICTURE_TOLERANCE[precision]})")
    return most


def features_of(bench, contestant):
    file = bench.work / "features.npz"
    contestant.ask("features", file)
    with np.load(file) as features:
        return dict(features)


def compare_features(expected, features, precision, what):
    for level in expected:
        error = abs(features[level] - expected[level]).max() / abs(expected[level]).max()
        if not error <= FEATURE_TOLERANCE[precision]:
            raise Mismatch(f"{what}: {level} differs by {error:.1e} of its largest magnitude "
                           f"(accepted: {FEATURE_TOLERANCE[precision]:.0e})")


def compare(bench, processes, size, levels):
    """What all make of the first frame, against (g)."""
    where = f"{title_of(levels)} at {size[0]}x{size[1]}"
    expected_picture = picture_of(bench, processes["eager"])
    expected_features = features_of(bench, processes["eager"])
    if expected_picture.max() == expected_picture.min():
        raise Mismatch(f"(g)'s picture of {where} shows nothing")
    for name, contestant in list(processes.items()):
        if name == "eager":
            continue
        what = f"{NAMES[name]} against (g), {where}"
        try:
            most = compare_pictures(expected_picture, picture_of(bench, contestant), bench.half, what)
            if name != "element":  # An element hands out pictures alone.
                compare_features(expected_features, features_of(bench, contestant), bench.half, what)
        except LeftOut as why:
            bench.left_out(what, why)
            del processes[name]
            continue
        bench.report.setdefault("colours_apart", {})[what] = float(most)
