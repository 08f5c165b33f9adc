# SPDX-License-Identifier: LGPL-2.1-or-later
"""Torchvision's feature maps of a frame: FOLDER WEIGHTS WIDTH HEIGHT

Reads frame.rgb in FOLDER, and WEIGHTS, which are of a MobileNetV2; writes into FOLDER all maps of levels c3 and c4 as float32.
"""

import sys
from pathlib import Path

import torch
import torchvision

folder = Path(sys.argv[1])
width, height = map(int, sys.argv[3:])
model = torchvision.models.mobilenet_v2(weights=None).eval()
model.load_state_dict(torch.load(sys.argv[2]))
frame = torch.frombuffer(bytearray((folder / "frame.rgb").read_bytes()), dtype=torch.uint8)
with torch.inference_mode():
    image = frame.reshape(1, height, width, 3).permute(0, 3, 1, 2) / 255
    image = torchvision.transforms.functional.normalize(image, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    for level, last in (("c3", 6), ("c4", 13)):
        maps = model.features[:last + 1](image)[0].contiguous()
        (folder / f"{level}.f32").write_bytes(maps.numpy().tobytes())
