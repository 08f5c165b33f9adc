#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes modules of torch.jit.save, compiled packages, and broken ones into a folder.

<name>.pt, <name>.pt2   the module; packages only where there is a C++ compiler, and no space in torch's path
<name>.image            the image that it was run on, as write_tensor() writes it
<name>.levels           names of the levels that are expected, one a line, in their order
<name>.<level>.map      what the module's eager original gives there, [1, C, h, w]
bad/*                   files that cannot be used
"""

import os
import shutil
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Dict, List, NamedTuple, Tuple

OUT = Path(sys.argv[1])
os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(OUT / "cache")

import torch
import torchvision
from torch import Tensor, nn
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

BAD = OUT / "bad"


def write_tensor(name, tensor):
    with open(OUT / name, "wb") as file:
        torch.tensor(tensor.shape, dtype=torch.int64).numpy().tofile(file)
        tensor.float().contiguous().numpy().tofile(file)


def write(name, module, levels, image):
    """`levels` are the expected maps by name."""
    if isinstance(module, torch.jit.ScriptModule):
        module.save(str(OUT / f"{name}.pt"))
    write_tensor(f"{name}.image", image)
    (OUT / f"{name}.levels").write_text("".join(f"{level}\n" for level in levels))
    for level, maps in levels.items():
        write_tensor(f"{name}.{level}.map", maps)


def randomise_norms(model):
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.2)
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 1.5)
    return model.eval()


class Pyramid(nn.Module):
    """Two levels, which the classes below return in many ways."""

    def __init__(self):
        super().__init__()
        self.fine = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.5))
        self.deep = nn.Conv2d(8, 16, 3, 2, 1)
        self.register_buffer("order", torch.arange(7, -1, -1))

    def levels(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        fine = self.fine(x)
        return fine[:, self.order], self.deep(fine)


class Single(Pyramid):
    def forward(self, x: Tensor) -> Tensor:
        return self.levels(x)[1]


class ListOf(Pyramid):
    def forward(self, x: Tensor) -> List[Tensor]:
        fine, deep = self.levels(x)
        return [fine, deep]


class TupleOf(Pyramid):
    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        return self.levels(x)


class Levels(NamedTuple):
    fine: Tensor
    deep: Tensor


class Named(Pyramid):
    def forward(self, x: Tensor) -> Levels:
        fine, deep = self.levels(x)
        return Levels(fine, deep)


class Nested(Pyramid):
    """Among what is no level: pooled features, a number, a text, boxes."""

    def forward(self, x: Tensor) -> Tuple[Tensor, Dict[str, List[Tensor]], int, str]:
        fine, deep = self.levels(x)
        return deep.mean((2, 3)), {"maps": [deep, fine], "boxes": [torch.zeros(1, 100, 4)]}, 3, "text"


class NestedTensors(Pyramid):
    """The same of tensors alone, as packages return."""

    def forward(self, x: Tensor) -> Dict[str, List[Tensor]]:
        fine, deep = self.levels(x)
        return {"pooled": [deep.mean((2, 3))], "maps": [deep, fine]}


class DictOf(Pyramid):
    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        fine, deep = self.levels(x)
        return {"stem": fine, "top": deep}


class ViewsInput(Pyramid):
    """Fails on an image whose channels are adjacent in memory."""

    def forward(self, x: Tensor) -> Tensor:
        return self.levels(x.view(3, -1).view(x.shape))[1]


class Tokens(nn.Module):
    """A transformer's first steps, with `leading` tokens in front, for any size of image."""

    def __init__(self, patch, leading, pads=False):
        super().__init__()
        self.patch = nn.Conv2d(3, 24, patch, patch)
        self.leading = nn.Parameter(torch.randn(1, leading, 24))
        self.norm = nn.LayerNorm(24)
        self.side = patch
        self.pads = pads

    def maps(self, x: Tensor) -> Tensor:
        if self.pads:
            x = nn.functional.pad(x, [0, -x.shape[3] % self.side, 0, -x.shape[2] % self.side])
        return self.patch(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(torch.cat([self.leading, self.maps(x).flatten(2).transpose(1, 2)], 1))

    def expected(self, x):
        return self.norm(self.maps(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Transformer(nn.Module):
    """torchvision's, up to its head; it takes 224x224 alone."""

    def __init__(self):
        super().__init__()
        self.vit = torchvision.models.VisionTransformer(224, 16, 2, 2, 32, 64)

    def forward(self, x: Tensor) -> Tensor:
        x = self.vit._process_input(x)
        return self.vit.encoder(torch.cat([self.vit.class_token, x], 1))


def write_scripts(image):
    fpn = randomise_norms(resnet_fpn_backbone(backbone_name="resnet18", weights=None, norm_layer=nn.BatchNorm2d))
    write("fpn", torch.jit.script(fpn), fpn(image), image)
    body = randomise_norms(torchvision.models.resnet18())
    body = IntermediateLayerGetter(body, OrderedDict(layer1="c2", layer4="c5", layer3="c4"))
    write("traceddict", torch.jit.trace(body, image, strict=False), body(image), image)

    pyramid = randomise_norms(DictOf())
    fine, deep = pyramid.levels(image)
    cases = {
        "dict": (DictOf, {"stem": fine, "top": deep}),
        "single": (Single, {"0": deep}),
        "list": (ListOf, {"0": fine, "1": deep}),
        "tuple": (TupleOf, {"0": fine, "1": deep}),
        "named": (Named, {"fine": fine, "deep": deep}),
        "nested": (Nested, {"1.maps.0": deep, "1.maps.1": fine}),
        "contiguous": (ViewsInput, {"0": deep}),
    }
    for name, (kind, levels) in cases.items():
        module = kind()
        module.load_state_dict(pyramid.state_dict())
        # Saved as it was trained: dropout and batch norm have to be set to their other ways.
        write(name, torch.jit.script(module.train()), levels, image)
    write("frozen", torch.jit.freeze(torch.jit.script(pyramid)), cases["dict"][1], image)
    torch.jit.save(torch.jit.script(pyramid.double()), OUT / "double.pt")
    write("double", None, cases["dict"][1], image)
    return pyramid.float()


def write_tokens(image):
    odd = torch.rand(1, 3, 133, 201)
    for name, tokens, x in (("plain", Tokens(16, 0), image), ("classtoken", Tokens(16, 1), image),
                            ("registers", Tokens(8, 5), image), ("padded", Tokens(14, 1, True), odd)):
        write(f"tokens.{name}", torch.jit.script(tokens.eval()), {"0": tokens.expected(x)}, x)

    vit = Transformer().eval()
    x = torch.rand(1, 3, 224, 224)
    maps = vit(x)[:, 1:].reshape(1, 14, 14, 32).permute(0, 3, 1, 2)
    write("tokens.vit", torch.jit.trace(vit, x), {"0": maps}, x)


class Raises(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1] == 3:
            raise RuntimeError("this one never works")
        return x


class ReturnsText(nn.Module):
    def forward(self, x: Tensor) -> str:
        return "a text"


class Pooled(nn.Module):
    def forward(self, x: Tensor) -> Tuple[Tensor, int]:
        return x.mean((2, 3)), 5


class ChannelsLast(nn.Module):
    """As a Swin's blocks are: [1, h, w, C]."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 96, 4, stride=4)

    def forward(self, x: Tensor) -> Tensor:
        return self.patches(x).permute(0, 2, 3, 1)


class TwoImages(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


class ManyImages(nn.Module):
    def forward(self, x: List[Tensor]) -> Tensor:
        return x[0]


class Changing(nn.Module):
    """Other results with each run: in number, in size or in channels."""

    def __init__(self, what: str):
        super().__init__()
        self.runs = 0
        self.what = what

    def forward(self, x: Tensor) -> List[Tensor]:
        self.runs += 1
        if self.what == "number":
            return [x] * (4 - self.runs)
        if self.what == "size":
            return [x[:, :, self.runs:]]
        return [torch.cat([x] * self.runs, 1)]


def write_bad(pyramid):
    BAD.mkdir()
    good = (OUT / "dict.pt").read_bytes()
    for i in range(1, 16):
        (BAD / f"truncated{i}").write_bytes(good[:len(good) * i // 16])
    (BAD / "empty").write_bytes(b"")
    (BAD / "text").write_text("This is no module.\n" * 100)
    torch.save(pyramid.state_dict(), BAD / "checkpoint")
    torch.save(pyramid.state_dict(), BAD / "oldcheckpoint", _use_new_zipfile_serialization=False)
    torch.export.save(torch.export.export(Single().eval(), (torch.rand(1, 3, 64, 64),)), BAD / "exported.pt2")
    for kind in (Raises, ReturnsText, Pooled, ChannelsLast, TwoImages, ManyImages):
        torch.jit.script(kind()).save(str(BAD / kind.__name__.lower()))
    for what in ("number", "size", "channels"):
        torch.jit.script(Changing(what)).save(str(BAD / f"changing{what}"))


def rewrite(package, name, old, new):
    """The package with another text in what it says of itself."""
    with zipfile.ZipFile(package) as source, zipfile.ZipFile(BAD / name, "w") as target:
        for entry in source.namelist():
            content = source.read(entry)
            if entry.endswith(".wrapper_metadata.json"):
                assert old in content
                content = content.replace(old, new)
            target.writestr(entry, content)


def write_packages(pyramid):
    """What a user writes: export, then compile and package."""

    def package(path, module, image, **arguments):
        exported = torch.export.export(module, (image,), **arguments)
        torch._inductor.aoti_compile_and_package(exported, package_path=str(path))

    state = pyramid.state_dict()
    nested, single = NestedTensors().eval(), Single().eval()
    nested.load_state_dict(state)
    single.load_state_dict(state)
    Dim = torch.export.Dim

    image = torch.rand(1, 3, 64, 96)
    fine, deep = pyramid.levels(image)
    package(OUT / "package.fixed.pt2", nested, image)
    write("package.fixed", None, {"maps.0": deep, "maps.1": fine}, image)
    rewrite(OUT / "package.fixed.pt2", "forcuda.pt2", b'"AOTI_DEVICE_KEY": "cpu"', b'"AOTI_DEVICE_KEY": "cuda"')
    package(OUT / "package.dynamic.pt2", pyramid, image,
            dynamic_shapes=({2: Dim("h", min=16, max=2048), 3: 32 * Dim("w", min=1, max=64)},))
    write("package.dynamic", None, {"stem": fine, "top": deep}, image)
    square = torch.export.Dim("side", min=16, max=2048)
    package(BAD / "square.pt2", single, torch.rand(1, 3, 64, 64), dynamic_shapes=({2: square, 3: square},))
    adjacent = image.contiguous(memory_format=torch.channels_last)
    package(OUT / "package.bfloat16.pt2", single.bfloat16(), adjacent.bfloat16())
    write("package.bfloat16", None, {"0": deep}, image)


torch.manual_seed(1)
with torch.no_grad():
    image = torch.rand(1, 3, 128, 160)
    pyramid = write_scripts(image)
    write_tokens(image)
    write_bad(pyramid)
    # Compiling takes a compiler, which machines that only run the tests need not have; and torch gives it its own folder
    # without quotes.
    if shutil.which("g++") and " " not in torch.__file__:
        write_packages(pyramid)
