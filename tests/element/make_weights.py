# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes weights files, good and broken, into the folder that is named on the command line."""

import os
import sys

import torch
import torchvision

REMOVED = ["features.0.0.weight", "features.0.1.bias", "features.1.conv.0.0.weight",
           "features.5.conv.2.weight", "features.9.conv.3.running_var", "features.14.conv.2.weight",
           "features.18.0.weight"]


def write(name, weights):
    torch.save(weights, os.path.join(folder, name))


def state_of(make):
    """Random weights whose norms know what comes to them, so that half precision has room for each layer's values."""
    model = make(weights=None)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # The statistics are those of the images below alone.
    with torch.no_grad():
        model.train()(torch.rand(4, 3, 128, 128))
    return model.state_dict()


folder = sys.argv[1]
torch.manual_seed(1)
good = state_of(torchvision.models.mobilenet_v2)
write("good.pth", good)
torch.manual_seed(2)
write("other.pth", state_of(torchvision.models.mobilenet_v2))
write("resnet18.pth", state_of(torchvision.models.resnet18))
write("missing2.pth", {k: v for k, v in good.items() if k not in REMOVED[:2]})
write("missing7.pth", {k: v for k, v in good.items() if k not in REMOVED})
write("misshapen.pth", {**good, REMOVED[0]: torch.zeros(32, 3, 5, 5)})
write("unexpected.pth", {**good, "features.77.weight": torch.zeros(4)})

with open(os.path.join(folder, "good.pth"), "rb") as file:
    content = file.read()
for name, size in (("truncated", len(content) // 2), ("nearlywhole", len(content) - 1), ("header", 100)):
    with open(os.path.join(folder, name + ".pth"), "wb") as file:
        file.write(content[:size])
open(os.path.join(folder, "empty.pth"), "wb").close()
with open(os.path.join(folder, "text.pth"), "w") as file:
    file.write("These are no weights.\n" * 1000)
os.mkdir(os.path.join(folder, "folder.pth"))
os.mkfifo(os.path.join(folder, "fifo.pth"))
