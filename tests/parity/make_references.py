#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes into a folder what torchvision and matplotlib make of random weights and a random image.

image.rgb                     8 bits, interleaved, WIDTH x HEIGHT
<backbone>.pth                a state dict, saved by torch.save
<backbone>.<preprocess>.ref   {level: tensor}: what torchvision's own modules give
<backbone>.imagenet.cuda.ref  the same on a CUDA device, where PyTorch has one
names/*.pth                   one network's weights under all the names found in the wild
mosaic.<case>.*               pictures drawn with matplotlib's colours, see draw_mosaics()
"""

import sys
from collections import OrderedDict
from functools import partial
from pathlib import Path

import matplotlib
import numpy as np
import torch
import torchvision
from matplotlib.colors import Normalize
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.detection.transform import GeneralizedRCNNTransform

OUT = Path(sys.argv[1])
WIDTH, HEIGHT = 201, 133  # No multiples of 32, odd.
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def randomise_norms(model):
    """Statistics that a network which ignored them would fail on."""
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.2)
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 1.5)
    return model.eval()


def resnet_fpn(name):
    return randomise_norms(
        resnet_fpn_backbone(backbone_name=name, weights=None, norm_layer=torch.nn.BatchNorm2d))


def resnet_levels(model, x):
    levels = {}
    y = x
    for i, (name, module) in enumerate(model.body.items()):
        y = module(y)
        if name == "relu":
            levels["c1"] = y.clone()
        elif name.startswith("layer"):
            levels[f"c{int(name[5:]) + 1}"] = y.clone()
    for key, value in model(x).items():
        levels["pool" if key == "pool" else f"p{int(key) + 2}"] = value
    return levels


def mobilenet_levels(model, x):
    levels = {}
    for i, module in enumerate(model.features):
        x = module(x)
        if i in (1, 3, 6, 13, 18):
            levels[f"c{len(levels) + 1}"] = x.clone()
    return levels


def preprocess(image, how):
    x = image.permute(2, 0, 1).float() / 255
    if how == "none":
        return x[None]
    if how == "imagenet":
        return torchvision.transforms.functional.normalize(x, MEAN, STD)[None]
    return GeneralizedRCNNTransform(150, 220, MEAN, STD)([x])[0].tensors


def write_features(image):
    models = {}
    for name in ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"):
        models[f"{name}-fpn"] = (resnet_fpn(name), resnet_levels)
    models["mobilenet-v2"] = (randomise_norms(torchvision.models.mobilenet_v2()), mobilenet_levels)

    for name, (model, levels) in models.items():
        # One half in each of torch.save's formats.
        torch.save(model.state_dict(), OUT / f"{name}.pth",
                   _use_new_zipfile_serialization=name in ("resnet18-fpn", "resnet50-fpn", "resnet152-fpn"))
        for how in ("none", "imagenet", "detection"):
            torch.save(levels(model, preprocess(image, how)), OUT / f"{name}.{how}.ref")
        if torch.cuda.is_available():
            torch.backends.cudnn.allow_tf32 = False
            features = levels(model.cuda(), preprocess(image, "imagenet").cuda())
            torch.save({level: maps.cpu() for level, maps in features.items()}, OUT / f"{name}.imagenet.cuda.ref")
            model.cpu()
    return models


def write_epsilon_zero(state, image):
    """As torchvision runs its COCO_V1 detectors."""
    norm = partial(torchvision.ops.misc.FrozenBatchNorm2d, eps=0.0)
    model = resnet_fpn_backbone(backbone_name="resnet18", weights=None, norm_layer=norm).eval()
    model.load_state_dict(OrderedDict((k, v) for k, v in state.items() if "num_batches" not in k))
    torch.save(resnet_levels(model, preprocess(image, "imagenet")), OUT / "epsilon.ref")


def with_prefix(prefix, state):
    return OrderedDict((prefix + key, value) for key, value in state.items())


def write_names(resnet, mobilenet):
    names = OUT / "names"
    names.mkdir()
    state = resnet.state_dict()
    heads = {"rpn.head.conv.0.0.weight": torch.zeros(3), "roi_heads.box_head.fc6.weight": torch.zeros(3)}
    detector = with_prefix("backbone.", state) | heads
    old = OrderedDict((k.replace(".0.weight", ".weight").replace(".0.bias", ".bias")
                       if k.startswith("fpn.") else k, v) for k, v in state.items())
    frozen = OrderedDict((k, v) for k, v in state.items() if not k.endswith("num_batches_tracked"))
    optimizer = torch.optim.SGD(resnet.parameters(), lr=0.1)

    saved = {
        "resnet18-fpn.alone": state,
        "resnet18-fpn.detector": detector,
        "resnet18-fpn.model": {"model": detector, "optimizer": optimizer.state_dict(),
                               "lr_scheduler": {"last_epoch": 3}, "epoch": 14, "scaler": {"scale": 1.0}},
        "resnet18-fpn.statedict": {"state_dict": with_prefix("module.", detector)},
        "resnet18-fpn.parallel": with_prefix("module.", state),
        "resnet18-fpn.old": with_prefix("backbone.", old),
        "resnet18-fpn.frozen": frozen,
        "mobilenet-v2.classifier": mobilenet.state_dict(),
        "mobilenet-v2.backbone": with_prefix("backbone.", mobilenet.features.state_dict()),
        "mobilenet-v2.model": {"model": with_prefix("backbone.", mobilenet.features.state_dict())},
    }
    assert "fpn.inner_blocks.0.weight" in old
    for name, content in saved.items():
        torch.save(content, names / f"{name}.pth", _use_new_zipfile_serialization="old" not in name)

    body = OrderedDict((k, v) for k, v in resnet.body.state_dict().items())
    body["fc.weight"] = torch.zeros(1000, 512)
    body["fc.bias"] = torch.zeros(1000)
    torch.save(body, OUT / "classifier.pth")
    torch.save(OrderedDict((k, v) for k, v in state.items() if not k.startswith("body.layer3")), OUT / "missing.pth")
    torch.save(state | {"body.conv1.weight": torch.zeros(64, 3, 3, 3)}, OUT / "misshapen.pth")


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


def draw_mosaics(levels):
    """Pictures as the contract describes them, for the default grid of 4 x 3 and a gap of 2.

    .rgb is the picture; .lower and .upper are the same one colour further down and up, and .near is 255
    for the pixels whose value lies within rounding of a step between two colours.
    """
    columns, rows, gap = 4, 3, 2
    width = (WIDTH - (columns - 1) * gap) // columns
    height = int(np.floor(width * HEIGHT / WIDTH + 0.5))
    size = (rows * height + (rows - 1) * gap + 1) // 2 * 2, (WIDTH + 1) // 2 * 2

    cases = [("p2", "viridis", "tile"), ("c1", "magma", "level"), ("p5", "coolwarm", "signed"),
             ("c3", "turbo", "fixed"), ("pool", "gray", "tile"), ("p3", "cividis", "robust"),
             ("c4", "inferno", "tile"), ("p4", "plasma", "tile")]
    for level, colormap, how in cases:
        pictures = {kind: np.zeros((*size, 3), np.uint8) for kind in ("rgb", "lower", "upper", "near")}
        for k, t in enumerate(normalised(levels[level][0, :12].numpy(), how)):
            top, left = k // columns * (height + gap), k % columns * (width + gap)
            y = np.arange(height) * t.shape[0] // height
            x = np.arange(width) * t.shape[1] // width
            tile = t[y][:, x].astype(np.float64)
            index = np.minimum((256 * tile).astype(int), 255)
            colors = matplotlib.colormaps[colormap]
            drawn = colors(t[y][:, x], bytes=True)[..., :3]
            near = abs(256 * tile - np.rint(256 * tile)) < 0.02
            place = np.s_[top:top + height, left:left + width]
            pictures["rgb"][place] = drawn
            pictures["lower"][place] = colors(np.maximum(index - 1, 0), bytes=True)[..., :3]
            pictures["upper"][place] = colors(np.minimum(index + 1, 255), bytes=True)[..., :3]
            pictures["near"][place] = 255 * near[..., None]
        for kind, picture in pictures.items():
            picture.tofile(OUT / f"mosaic.{level}.{colormap}.{how}.{kind}")


def write_colormaps():
    names = ["viridis", "magma", "inferno", "plasma", "cividis", "turbo", "gray", "coolwarm"]
    tables = [matplotlib.colormaps[name](np.arange(256), bytes=True)[:, :3] for name in names]
    np.stack(tables).tofile(OUT / "colormaps")


torch.manual_seed(1)
with torch.inference_mode():
    # Smooth shapes and noise, over the whole range.
    noise = torch.rand(1, 3, HEIGHT, WIDTH)
    shapes = torch.nn.functional.interpolate(torch.rand(1, 3, 9, 13), (HEIGHT, WIDTH), mode="bicubic")
    image = ((shapes * 1.4 - 0.2 + 0.2 * (noise - 0.5)).clamp(0, 1) * 255).round().byte()[0].permute(1, 2, 0)
    image.contiguous().numpy().tofile(OUT / "image.rgb")
    networks = write_features(image)
    resnet18, mobilenet = networks["resnet18-fpn"][0], networks["mobilenet-v2"][0]
    draw_mosaics(torch.load(OUT / "resnet18-fpn.imagenet.ref"))
    write_colormaps()
write_names(resnet18, mobilenet)
with torch.inference_mode():
    write_epsilon_zero(resnet18.state_dict(), image)
