# SPDX-License-Identifier: LGPL-2.1-or-later
"""Torch's statistics of a frame: FOLDER WIDTH HEIGHT FIRST LAST

Reads frame.rgb in FOLDER; writes weights.pth there, of a MobileNetV2, and into expected the number of maps, min, max, mean,
std and share of zeros of the channels FIRST to LAST of level c3.
"""

import sys
from pathlib import Path

import torch
import torchvision

folder = Path(sys.argv[1])
width, height, first, last = map(int, sys.argv[2:])
torch.manual_seed(1)
model = torchvision.models.mobilenet_v2(weights=None).eval()
torch.save(model.state_dict(), folder / "weights.pth")
frame = torch.frombuffer(bytearray((folder / "frame.rgb").read_bytes()), dtype=torch.uint8)
with torch.inference_mode():
    image = frame.reshape(1, height, width, 3).permute(0, 3, 1, 2) / 255
    image = torchvision.transforms.functional.normalize(image, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    maps = model.features[:7](image)[0, first:last + 1].double()
statistics = maps.min(), maps.max(), maps.mean(), maps.std(correction=0), (maps == 0).double().mean()
(folder / "expected").write_text(" ".join(str(x) for x in (len(maps), *(s.item() for s in statistics))))
