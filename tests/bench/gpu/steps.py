# SPDX-License-Identifier: LGPL-2.1-or-later
"""What surrounds the network, in torch: an NV12 frame to the network's input, and its maps to the picture."""

import math

import torch
from torch import nn
from torch.nn import functional

import viridis

CHANNELS, COLUMNS, ROWS = 12, 4, 3
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def resized_size(size, min_size, max_size):
    """As torchvision's GeneralizedRCNNTransform resizes."""
    scale = min(min_size / min(size), max_size / max(size))
    return tuple(math.floor(side * scale) for side in size)


def network_size(size, preprocess, min_size, max_size):
    """Width and height of the network's input."""
    if preprocess != "detection":
        return size
    return tuple(-(-side // 32) * 32 for side in resized_size(size, min_size, max_size))


class NetworkInput(nn.Module):
    """NV12 [3/2 H, W] in bytes to the network's input [1, 3, h, w].

    A frame without colorimetry in its caps is BT.709 with chroma on the left samples if it is higher than 576 lines,
    else BT.601 with chroma amid the samples; limited range (GStreamer's gst_video_info_set_format).
    """

    def __init__(self, size, dtype, preprocess, min_size, max_size):
        super().__init__()
        self.width, self.height = size
        if self.width % 4 or self.height % 2:
            raise ValueError("NV12 frames here have a width divisible by 4 and an even height")
        hd = self.height > 576
        self.kr, self.kb = (0.2126, 0.0722) if hd else (0.299, 0.114)
        self.left_cosited = hd
        # bfloat16 does not tell 255 from 254.5.
        self.dtype = torch.float16 if dtype == torch.float16 else torch.float32
        self.out_dtype = dtype
        self.resized = resized_size(size, min_size, max_size) if preprocess == "detection" else None
        self.padded = network_size(size, preprocess, min_size, max_size)
        mean, std = torch.tensor(MEAN).view(3, 1, 1), torch.tensor(STD).view(3, 1, 1)
        self.register_buffer("scale", (1 / (255 * std)).to(self.dtype))
        self.register_buffer("shift", (-mean / std).to(self.dtype))

    def forward(self, nv12):
        return self.normalised(self.rgb(nv12))

    def rgb(self, nv12):
        """[1, 3, H, W], 0..255, rounded: 8-bit RGB is what a converter hands a network."""
        luma = (nv12[:self.height].to(self.dtype) - 16) * (255 / 219)
        u, v = ((self.chroma(nv12) - 128) * (255 / 224)).unbind(0)
        kg = 1 - self.kr - self.kb
        red, blue = v * (2 * (1 - self.kr)), u * (2 * (1 - self.kb))
        green = (red * self.kr + blue * self.kb) / kg
        return torch.stack((luma + red, luma - green, luma + blue)).round_().clamp_(0, 255)[None]

    def chroma(self, nv12):
        """[2, H, W], linear between the samples."""
        half = self.width // 2
        samples = nv12[self.height:].view(1, self.height // 2, half, 2).permute(0, 3, 1, 2).to(self.dtype)
        if not self.left_cosited:
            return functional.interpolate(samples, size=(self.height, self.width), mode="bilinear")[0]
        rows = functional.interpolate(samples, size=(self.height, half), mode="bilinear")[0]
        between = (rows + functional.pad(rows, (0, 1), mode="replicate")[..., 1:]) / 2
        return torch.stack((rows, between), -1).flatten(-2)

    def normalised(self, rgb):
        """The mean and deviation come after the resize, which they commute with: there are fewer pixels then."""
        if self.resized is not None:
            rgb = functional.interpolate(rgb, size=self.resized[::-1], mode="bilinear")
        x = rgb * self.scale + self.shift
        x = functional.pad(x, (0, self.padded[0] - x.shape[3], 0, self.padded[1] - x.shape[2]))
        return x.to(self.out_dtype, memory_format=torch.channels_last)


class Mosaic(nn.Module):
    """Maps [12, h, w] to the RGB picture [H', W', 3]: each map between its own extremes, in viridis, nearest pixel."""

    def __init__(self, size, map_size):
        super().__init__()
        width, height = size
        map_height, map_width = map_size
        tile_width = width // COLUMNS
        tile_height = (2 * tile_width * height + width) // (2 * width)
        y = torch.arange((ROWS * tile_height + 1) // 2 * 2)[:, None]
        x = torch.arange((width + 1) // 2 * 2)[None]
        tile = y // tile_height * COLUMNS + x // tile_width
        row = y % tile_height * map_height // tile_height
        column = x % tile_width * map_width // tile_width
        outside = (y >= ROWS * tile_height) | (x >= COLUMNS * tile_width)
        # For each pixel, which value of the twelve maps it shows; the value behind the last one is the background.
        places = torch.where(outside, CHANNELS * map_height * map_width, (tile * map_height + row) * map_width + column)
        self.register_buffer("places", places)
        self.register_buffer("background", torch.tensor([256], dtype=torch.int32))
        self.register_buffer("table", torch.cat((torch.tensor(viridis.TABLE), torch.zeros(1, 3, dtype=torch.uint8))))

    def forward(self, maps):
        values = maps.float().flatten(1)
        low, high = values.aminmax(dim=1, keepdim=True)
        factor = torch.where(high > low, 256 / (high - low), 0)
        steps = ((values - low) * factor).clamp_(max=255).to(torch.int32)
        return self.table[torch.cat((steps.flatten(), self.background))[self.places]]


@torch.inference_mode()
def check_against_torchvision(size, min_size, max_size):
    """The largest difference of the resized, normalised and padded input; ImportError without torchvision."""
    from torchvision.models.detection.transform import GeneralizedRCNNTransform
    rgb = torch.rand(1, 3, size[1], size[0], generator=torch.Generator().manual_seed(2)) * 255
    theirs = GeneralizedRCNNTransform(min_size, max_size, MEAN, STD).eval()([rgb[0] / 255])[0].tensors
    ours = NetworkInput(size, torch.float32, "detection", min_size, max_size).normalised(rgb)
    if ours.shape != theirs.shape:
        return float("inf")
    return (ours - theirs).abs().max().item()
