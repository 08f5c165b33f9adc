# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pictures of maps, drawn with numpy, matplotlib and torch, for a video of WIDTH x HEIGHT."""

from pathlib import Path

import matplotlib
import numpy as np
import torch
from matplotlib.colors import Normalize

WIDTH, HEIGHT = 201, 133  # No multiples of 32, odd.


def normalised(maps, how):
    """Per map, what the colour map is given: matplotlib's Normalize in float32."""
    if how == "tile":
        limits = [(m.min(), m.max()) for m in maps]
    elif how == "level":
        limits = [(maps.min(), maps.max())] * len(maps)
    elif how == "fixed":
        limits = [(-0.5, 1.5)] * len(maps)
    elif how == "robust":
        limits = [tuple(np.percentile(m.astype(np.float64), [1, 99])) for m in maps]
    else:
        limits = [(-abs(m).max(), abs(m).max()) for m in maps]
    return [Normalize(float(low), float(high), clip=True)(m).data for m, (low, high) in zip(maps, limits)]


class Drawing:
    """A picture: .rgb is it; .lower and .upper are the same one colour further down and up, and .near is 255 for what lies
    within rounding of a step between two colours."""

    def __init__(self, height, width):
        self.pictures = {kind: np.zeros((height, width, 3), np.uint8) for kind in ("rgb", "lower", "upper", "near")}

    def tile(self, place, t, colormap):
        """t in 0..1, drawn in a colour map."""
        index, near = self.steps(t)
        colors = matplotlib.colormaps[colormap]
        for kind, step in (("lower", -1), ("upper", 1)):
            self.pictures[kind][place] = colors(np.clip(index + step, 0, 255), bytes=True)[..., :3]
        self.pictures["rgb"][place] = colors(t, bytes=True)[..., :3]
        self.pictures["near"][place] = 255 * near[..., None]

    def components(self, t):
        """t in 0..1, [H, W, 3]."""
        index, near = self.steps(t)
        for kind, step in (("lower", -1), ("rgb", 0), ("upper", 1)):
            self.pictures[kind][:] = np.clip(index + step, 0, 255)
        self.pictures["near"][:] = 255 * near

    def over(self, video, alpha):
        for kind in ("rgb", "lower", "upper"):
            heat = self.pictures[kind].astype(np.float64)
            self.pictures[kind] = np.floor(video * (1 - alpha) + heat * alpha + 0.5).astype(np.uint8)

    def steps(self, t):
        t = t.astype(np.float64)
        return np.minimum((256 * t).astype(int), 255), abs(256 * t - np.rint(256 * t)) < 0.02

    def write(self, path):
        for kind, picture in self.pictures.items():
            picture.tofile(Path(f"{path}.{kind}"))


def nearest(map_, height, width):
    return map_[np.arange(height) * map_.shape[0] // height][:, np.arange(width) * map_.shape[1] // width]


def drawn_mosaic(maps, colormap, how, columns=4):
    """As the contract describes it, for three rows and a gap of 2."""
    rows, gap = 3, 2
    width = (WIDTH - (columns - 1) * gap) // columns
    height = int(np.floor(width * HEIGHT / WIDTH + 0.5))
    drawing = Drawing((rows * height + (rows - 1) * gap + 1) // 2 * 2, (WIDTH + 1) // 2 * 2)
    for k, t in enumerate(normalised(maps, how)):
        top, left = k // columns * (height + gap), k % columns * (width + gap)
        drawing.tile(np.s_[top:top + height, left:left + width], nearest(t, height, width), colormap)
    return drawing


def drawn_overlay(map_, image, alpha, by_value):
    """A heat map, [h, w], over the image at its size."""
    t = torch.nn.functional.interpolate(map_[None, None], (HEIGHT, WIDTH), mode="bilinear", align_corners=False)[0, 0]
    t = Normalize(float(map_.min()), float(map_.max()), clip=True)(t.numpy()).data
    drawing = Drawing(HEIGHT, WIDTH)
    drawing.tile(np.s_[:], t, "turbo")
    if by_value:
        alpha = alpha * (drawing.steps(t)[0] / 255)[..., None]
    drawing.over(image.numpy(), alpha)
    return drawing


def principal_basis(maps):
    """Mean [C], the first three components [3, C], each with its coefficient of largest magnitude above 0, and the variance
    along them [3], of maps [C, h, w]."""
    values = maps.reshape(len(maps), -1).astype(np.float64)
    mean = values.mean(1)
    axes, lengths, _ = np.linalg.svd(values - mean[:, None], full_matrices=False)
    axes = axes[:, :3] * np.sign(axes[abs(axes[:, :3]).argmax(0), range(3)])
    return mean, axes.T, lengths[:3] ** 2 / (values.shape[1] - 1)


def principal_components(maps):
    """The first three, [3, h, w]."""
    mean, components, _ = principal_basis(maps)
    return along(maps, mean, components).astype(np.float32)


def along(maps, mean, components):
    values = maps.reshape(len(maps), -1).astype(np.float64)
    return (components @ (values - mean[:, None])).reshape(len(components), *maps.shape[1:])
