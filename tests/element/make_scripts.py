# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes TorchScript modules, good and bad, into the folder that is named on the command line."""

import os
import sys
from typing import Dict

import torch
from torch import Tensor, nn


class Channels(nn.Module):
    """The image itself, and every second value of every second row."""

    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        return {"whole": x, "half": x[:, :, ::2, ::2]}


class Inverted(nn.Module):
    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        return {"whole": 1 - x}


class Square(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        assert x.shape[2] == x.shape[3], "only squares"
        return x


class Forgetful(nn.Module):
    """Returns one level less in the end."""

    def __init__(self):
        super().__init__()
        self.runs = 0

    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        self.runs += 1
        if self.runs > 4:
            return {"whole": x}
        return {"whole": x, "same": x}


folder = sys.argv[1]
for module in (Channels(), Inverted(), Square(), Forgetful()):
    torch.jit.script(module).save(os.path.join(folder, type(module).__name__.lower() + ".pt"))
torch.save(nn.Conv2d(3, 4, 1).state_dict(), os.path.join(folder, "weights.pth"))
