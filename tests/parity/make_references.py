#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes into a folder what torchvision and matplotlib make of random weights and a random image.

image.rgb                     8 bits, interleaved, WIDTH x HEIGHT
<network>.pth                 a state dict, saved by torch.save
<network>.<preprocess>.ref    {level: tensor}: what torchvision's own modules give
<network>.imagenet.cuda.ref   the same on a CUDA device, where PyTorch has one
names/*.pth                   one network's weights under all the names found in the wild
overridden.ref                the network in detectron2.pth, taken as torchvision's own
unknown.pth                   a state dict of no backbone that there is
statistics                    numpy's, of the first 12 maps of each level of resnet18-fpn, and of those in hard.maps
ranked.*                      channels of p3 in the order of what they are ranked by, see write_rankings()
mosaic.<case>.*               pictures drawn with matplotlib's colours, see draw_mosaics()
view.<case>.*                 other pictures, see draw_views()
"""

import pickle
import re
import sys
from collections import OrderedDict
from fractions import Fraction
from functools import partial
from math import ceil, floor
from pathlib import Path

import matplotlib
import numpy as np
import torch
import torchvision
from torchvision.models import vgg
from torchvision.models.detection.backbone_utils import BackboneWithFPN, mobilenet_backbone, resnet_fpn_backbone
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.models.resnet import BasicBlock, Bottleneck
from torchvision.ops.feature_pyramid_network import LastLevelP6P7

from drawing import HEIGHT, WIDTH, Drawing, along, drawn_mosaic, drawn_overlay, nearest, normalised, principal_basis, \
    principal_components
from families import detectron2_state, mmdetection_state

OUT = Path(sys.argv[1])
COLORMAPS = ["viridis", "magma", "inferno", "plasma", "cividis", "turbo", "gray", "coolwarm"]
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def randomise(model):
    """Statistics and biases that a network which ignored them would fail on."""
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.2)
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 1.5)
        elif isinstance(module, torch.nn.Conv2d) and module.bias is not None:
            module.bias.data.normal_(0, 0.2)
    for module in model.modules():
        if isinstance(module, (BasicBlock, Bottleneck)):
            # So that the sums of many blocks are within half precision's range.
            (module.bn3 if isinstance(module, Bottleneck) else module.bn2).weight.data.mul_(0.25)
    return model.eval()


def resnet_fpn(name, **options):
    return randomise(
        resnet_fpn_backbone(backbone_name=name, weights=None, norm_layer=torch.nn.BatchNorm2d, **options))


def resnet_fpn_128():
    """A RetinaNet's with a narrower pyramid than usual."""
    body = torchvision.models.resnet18(weights=None)
    return randomise(BackboneWithFPN(body, {f"layer{i}": str(i - 2) for i in (2, 3, 4)}, [128, 256, 512], 128,
                                     LastLevelP6P7(128, 128)))


def backbone_of(detector):
    return randomise(detector(weights=None, weights_backbone=None).backbone)


def stride_in_1x1(model):
    """As Caffe's ResNets have it, and the detectors that began with their weights."""
    for name in ("layer2", "layer3", "layer4"):
        block = model.body[name][0]
        block.conv1.stride, block.conv2.stride = block.conv2.stride, block.conv1.stride
    return model


def of_pixels(model):
    """For images that are not divided by their deviation: the first norm does that."""
    model.body.bn1.running_var *= 57.0 ** 2
    return model


def retinanet_of_detectron2():
    return of_pixels(stride_in_1x1(
        resnet_fpn("resnet50", returned_layers=[2, 3, 4], extra_blocks=LastLevelP6P7(2048, 256))))


class LastLevelP6P7WithoutRelu(LastLevelP6P7):
    """As mmdetection has it."""

    def forward(self, p, c, names):
        p6 = self.p6(c[-1])
        return p + [p6, self.p7(p6)], names + ["p6", "p7"]


class Features(torch.nn.Module):
    """Of a classifier, without its head."""

    def __init__(self, features):
        super().__init__()
        self.features = features


def vgg16(batch_norm):
    return randomise(Features(vgg.make_layers(vgg.cfgs["D"], batch_norm)))


def body_levels(modules, last, x):
    """What the modules of these names give: c1, c2 ..."""
    levels = {}
    for name, module in modules:
        x = module(x)
        if name in last:
            levels[f"c{len(levels) + 1}"] = x.clone()
    return levels


def fpn_levels(model, finest, x):
    return {f"p{int(key) + finest}" if key.isdigit() else key: value for key, value in model(x).items()}


def resnet_body_levels(model, x):
    return body_levels(model.body.items(), ("relu", "layer1", "layer2", "layer3", "layer4"), x)


def resnet_levels(model, x, finest=2):
    return resnet_body_levels(model, x) | fpn_levels(model, finest, x)


def features_levels(last):
    names = [str(i) for i in last]
    return lambda model, x: body_levels(model.features.named_children(), names, x)


def mobilenet_fpn_levels(last):
    names = [str(i) for i in last]
    return lambda model, x: body_levels(model.body.items(), names, x) | fpn_levels(model, 4, x)


def save(name, state):
    """As each family does; half of torchvision's in each of torch.save's formats."""
    file = OUT / f"{name}.pth"
    if name == "detectron2-pickle":
        arrays = {key: value.numpy() for key, value in detectron2_state(state).items()}
        file.write_bytes(pickle.dumps({"model": arrays, "__author__": "Detectron2 Model Zoo"}, protocol=2))
    elif name == "detectron2-c4":
        body = {re.sub(r"^backbone\.bottom_up\.", "roi_heads." if ".res5." in key else "backbone.", key): value
                for key, value in detectron2_state(state).items() if "bottom_up" in key}
        torch.save({"model": body}, file)
    elif name.startswith("detectron2"):
        heads = pixels_of(name) | {"proposal_generator.rpn_head.conv.weight": torch.zeros(3)}
        torch.save({"model": detectron2_state(state) | heads, "optimizer": {}, "iteration": 90000}, file)
    elif name.startswith("mmdetection"):
        heads = {"rpn_head.rpn_conv.weight": torch.zeros(3), "bbox_head.fc_cls.weight": torch.zeros(81, 3)}
        torch.save({"meta": {"epoch": 12}, "state_dict": mmdetection_state(state) | heads}, file)
    else:
        torch.save(state, file,
                   _use_new_zipfile_serialization=name not in ("resnet34-fpn", "resnet101-fpn", "mobilenet-v2"))


def pixels_of(name):
    """What a file of detectron2 has of MODEL.PIXEL_MEAN and PIXEL_STD: by default and, in one of them, its own."""
    own = {"detectron2": ([90.0, 110.0, 130.0], [57.0, 58.0, 59.0])}
    mean, std = own.get(name, ([103.530, 116.280, 123.675], [1.0, 1.0, 1.0]))
    return {"pixel_mean": torch.tensor(mean)[:, None, None], "pixel_std": torch.tensor(std)[:, None, None]}


def preprocess_as(name, image, how):
    """What the family does with an image before its network sees it."""
    if not name.startswith("detectron2"):
        return preprocess(image, how)
    x = image.permute(2, 0, 1).flip(0).float()
    pixels = pixels_of(name)
    return ((x - pixels["pixel_mean"]) / pixels["pixel_std"])[None]


def preprocess(image, how):
    x = image.permute(2, 0, 1).float() / 255
    if how == "none":
        return x[None]
    if how == "imagenet":
        return torchvision.transforms.functional.normalize(x, MEAN, STD)[None]
    return GeneralizedRCNNTransform(150, 220, MEAN, STD)([x])[0].tensors


RESNETS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "wide_resnet50_2")
MOBILENET_V2, MOBILENET_V3_LARGE = (1, 3, 6, 13, 18), (1, 3, 6, 12, 16)


def networks():
    """By name, how each is made and what gives its levels."""
    detection = torchvision.models.detection
    retinanet_levels = partial(resnet_levels, finest=3)
    made = {f"{name.replace('_', '-')}-fpn": (partial(resnet_fpn, name), resnet_levels) for name in RESNETS}
    return made | {
        "mobilenet-v2": (lambda: randomise(torchvision.models.mobilenet_v2()), features_levels(MOBILENET_V2)),
        "mobilenet-v2-fpn": (
            lambda: randomise(mobilenet_backbone(backbone_name="mobilenet_v2", weights=None, fpn=True,
                                                 norm_layer=torch.nn.BatchNorm2d)),
            mobilenet_fpn_levels(MOBILENET_V2)),
        "mobilenet-v3-large": (lambda: randomise(torchvision.models.mobilenet_v3_large()),
                               features_levels(MOBILENET_V3_LARGE)),
        "mobilenet-v3-large-fpn": (lambda: backbone_of(detection.fasterrcnn_mobilenet_v3_large_fpn),
                                   mobilenet_fpn_levels(MOBILENET_V3_LARGE)),
        "vgg16": (lambda: vgg16(False), features_levels((3, 8, 15, 22, 29))),
        "vgg16-bn": (lambda: vgg16(True), features_levels((5, 12, 22, 32, 42))),
        "retinanet": (lambda: backbone_of(detection.retinanet_resnet50_fpn), retinanet_levels),
        "retinanet-v2": (lambda: backbone_of(detection.retinanet_resnet50_fpn_v2), retinanet_levels),
        "detectron2": (lambda: stride_in_1x1(resnet_fpn("resnet50")), resnet_levels),
        "detectron2-pickle": (lambda: of_pixels(stride_in_1x1(resnet_fpn("resnet50"))), resnet_levels),
        "detectron2-retinanet": (retinanet_of_detectron2, retinanet_levels),
        "mmdetection": (partial(resnet_fpn, "resnet50"), resnet_levels),
        "mmdetection-v2": (lambda: backbone_of(detection.fasterrcnn_resnet50_fpn_v2), resnet_levels),
        "mmdetection-retinanet": (
            lambda: resnet_fpn("resnet18", returned_layers=[2, 3, 4], extra_blocks=LastLevelP6P7WithoutRelu(512, 256)),
            retinanet_levels),
        "fasterrcnn-v2": (lambda: backbone_of(detection.fasterrcnn_resnet50_fpn_v2), resnet_levels),
        "fpn-128": (resnet_fpn_128, retinanet_levels),
        "detectron2-c4": (lambda: of_pixels(stride_in_1x1(resnet_fpn("resnet50"))), resnet_body_levels),
        "stride-in-1x1": (lambda: stride_in_1x1(resnet_fpn("resnet50")), resnet_levels),
    }


# These with all kinds of preprocessing, the others as a classifier has it.
PREPROCESSED = ("resnet18-fpn", "resnet34-fpn", "resnet50-fpn", "resnet101-fpn", "resnet152-fpn", "mobilenet-v2")


def write_classifier(name, model, levels):
    """The body of a ResNet, as it is without an FPN."""
    state = OrderedDict(model.body.state_dict())
    state["fc.weight"], state["fc.bias"] = torch.zeros(1000, 2048), torch.zeros(1000)
    torch.save(state, OUT / f"{name}.pth")
    torch.save({level: maps for level, maps in levels.items() if level.startswith("c")}, OUT / f"{name}.imagenet.ref")


def write_features(image):
    kept = {}
    for name, (make, levels) in networks().items():
        model = make()
        save(name, model.state_dict())
        for how in ("none", "imagenet", "detection") if name in PREPROCESSED else ("imagenet",):
            features = levels(model, preprocess_as(name, image, how))
            torch.save(features, OUT / f"{name}.{how}.ref")
            if how == "imagenet" and name.removesuffix("-fpn").replace("-", "_") in RESNETS:
                write_classifier(name.removesuffix("-fpn"), model, features)
        if torch.cuda.is_available():
            torch.backends.cudnn.allow_tf32 = False
            features = levels(model.cuda(), preprocess_as(name, image, "imagenet").cuda())
            torch.save({level: maps.cpu() for level, maps in features.items()}, OUT / f"{name}.imagenet.cuda.ref")
            model.cpu()
        if name == "detectron2":
            torch.save(levels(stride_in_1x1(model), preprocess(image, "imagenet")), OUT / "overridden.ref")
        if name in ("resnet18-fpn", "mobilenet-v2"):
            kept[name] = model
    return kept


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
    torch.save(torchvision.models.shufflenet_v2_x0_5().state_dict(), OUT / "unknown.pth")


def draw_mosaics(levels):
    cases = [("p2", "viridis", "tile"), ("c1", "magma", "level"), ("p5", "coolwarm", "signed"),
             ("c3", "turbo", "fixed"), ("pool", "gray", "tile"), ("p3", "cividis", "robust"),
             ("c4", "inferno", "tile"), ("p4", "plasma", "tile")]
    for level, colormap, how in cases:
        drawn_mosaic(levels[level][0, :12].numpy(), colormap, how).write(OUT / f"mosaic.{level}.{colormap}.{how}")


def draw_views(model, image):
    """Of the image, or of its bytes in reverse behind it."""
    first, second = (resnet_levels(model, preprocess(frame, "imagenet")) for frame in (image, image.flip((0, 1, 2))))
    drawn_overlay(first["p3"][0].mean(0), image, 0.5, False).write(OUT / "view.overlay.mean")
    drawn_overlay(first["c4"][0].square().mean(0).sqrt(), image, 0.9, True).write(OUT / "view.overlay.energy")
    change = (second["p3"] - first["p3"])[0, :12].abs().numpy()
    drawn_mosaic(change, "magma", "tile").write(OUT / "view.change")
    t = np.stack(normalised(principal_components(first["c3"][0].numpy()), "tile"))
    drawing = Drawing(HEIGHT, WIDTH)
    drawing.components(np.stack([nearest(component, HEIGHT, WIDTH) for component in t], -1))
    drawing.write(OUT / "view.pca")
    # The components of the first, in the second.
    mean, components, variance = principal_basis(first["c3"][0].numpy())
    basis = {"mean": mean, "components": components, "explained_variance": variance}
    torch.save({"c3": {name: torch.from_numpy(values) for name, values in basis.items()}}, OUT / "basis.pth")
    deviations = along(second["c3"][0].numpy(), mean, components) / np.sqrt(variance)[:, None, None]
    t = (np.clip(deviations, -2, 2) + 2) / 4
    drawing = Drawing(HEIGHT, WIDTH)
    drawing.components(np.stack([nearest(component, HEIGHT, WIDTH) for component in t], -1))
    drawing.write(OUT / "view.pca.file")
    other = resnet_fpn("resnet18")
    torch.save(other.state_dict(), OUT / "resnet18-other.pth")
    a, b = (maps["p3"][0, :12].numpy() for maps in (first, resnet_levels(other, preprocess(image, "imagenet"))))
    drawn_mosaic(a - b, "coolwarm", "signed").write(OUT / "view.difference")
    beside = [tile for of_a, of_b in zip(a, b) for tile in (of_a, of_b, of_a - of_b)]
    drawn_mosaic(np.stack(beside), "coolwarm", "signed", columns=12).write(OUT / "view.beside")


def draw_bars():
    """Of tiles WIDTH wide: the values along a bar of five rows, linear from one end to the other."""
    for colormap in COLORMAPS:
        for gamma in 1, 2.5:
            t = np.linspace(0, 1, WIDTH, dtype=np.float32) ** np.float32(gamma)
            drawing = Drawing(5, WIDTH)
            drawing.tile(np.s_[:], np.tile(t, (5, 1)), colormap)
            drawing.write(OUT / f"bar.{colormap}.{gamma}")


def statistics(name, maps):
    """A line for [C, H, W]: number of maps, min, max, mean, std, share of zeros, not-a-numbers, constant maps."""
    values = maps.astype(np.float64)
    numbers = values[~np.isnan(values)]
    dead = sum(np.nanmin(m) == np.nanmax(m) for m in values)
    reals = numbers.min(), numbers.max(), numbers.mean(), numbers.std(), (numbers == 0).mean()
    return f"{name} {len(maps)} {' '.join(f'{x:.17g}' for x in reals)} {np.isnan(values).sum()} {dead}\n"


def write_statistics(levels):
    """Of a network's maps, and of some that a careless sum goes wrong on, which are [C, H, W] in hard.maps."""
    random = np.random.default_rng(1)
    hard = random.normal(size=(6, 90, 70)).astype(np.float32)
    hard[0] = 1e4 + 0.01 * hard[0]  # A mean that is large beside the deviation,
    hard[1] = np.maximum(hard[1], 0)  # a rectified map,
    hard[2] = 0.1  # a dead one,
    hard[3, ::3, ::7] = np.nan  # some that are not numbers, the first among them,
    hard[4, 0, 0] = 1e6  # a first value that is like no other,
    hard[5] = 0  # all zeros.
    hard.tofile(OUT / "hard.maps")
    with open(OUT / "statistics", "w") as file:
        for channel, maps in enumerate(hard):
            file.write(statistics(f"hard{channel}", maps[None]))
        file.write(statistics("hard", hard))
        for level, maps in levels.items():
            file.write(statistics(level, maps[0, :12].numpy()))


def write_channels(name, scores):
    """The six of the highest score."""
    (OUT / f"ranked.{name}").write_text(",".join(str(int(c)) for c in scores.argsort(descending=True)[:6]))


# Left, top, right and bottom; the test has the same.
REGIONS = (20, 30, 70, 75), (150, 60, 201, 133)


def mask_of_regions(how, image, size):
    """The values of a map that they touch."""
    padded = preprocess(image, how).shape[2:]
    resized = HEIGHT, WIDTH
    if how == "detection":
        resized = GeneralizedRCNNTransform(150, 220, MEAN, STD)([image.permute(2, 0, 1) / 255])[0].image_sizes[0]
    mask = torch.zeros(*size, dtype=torch.bool)
    for left, top, right, bottom in REGIONS:
        y0, y1 = (Fraction(y * resized[0] * size[0], HEIGHT * padded[0]) for y in (top, bottom))
        x0, x1 = (Fraction(x * resized[1] * size[1], WIDTH * padded[1]) for x in (left, right))
        mask[floor(y0):ceil(y1), floor(x0):ceil(x1)] = True
    return mask


def write_rankings(model, image):
    """For two frames: the image, and its bytes in reverse."""
    frames = image, image.flip((0, 1, 2))
    levels = [resnet_levels(model, preprocess(frame, "imagenet"))["p3"][0] for frame in frames]
    means = torch.stack([level.abs().mean((1, 2)) for level in levels])
    write_channels("top", means[0])
    write_channels("var", means.var(0, correction=0))
    write_channels("change", (levels[1] - levels[0]).abs().mean((1, 2)))
    for how in ("imagenet", "detection"):
        level = resnet_levels(model, preprocess(image, how))["p3"][0]
        inside = mask_of_regions(how, image, level.shape[1:])
        magnitudes = level.abs()
        write_channels(f"roi.{how}", magnitudes[:, inside].mean(1) - magnitudes[:, ~inside].mean(1))


def write_colormaps():
    tables = [matplotlib.colormaps[name](np.arange(256), bytes=True)[:, :3] for name in COLORMAPS]
    np.stack(tables).tofile(OUT / "colormaps")


torch.manual_seed(1)
with torch.inference_mode():
    # Smooth shapes and noise, over the whole range.
    noise = torch.rand(1, 3, HEIGHT, WIDTH)
    shapes = torch.nn.functional.interpolate(torch.rand(1, 3, 9, 13), (HEIGHT, WIDTH), mode="bicubic")
    image = ((shapes * 1.4 - 0.2 + 0.2 * (noise - 0.5)).clamp(0, 1) * 255).round().byte()[0].permute(1, 2, 0)
    image.contiguous().numpy().tofile(OUT / "image.rgb")
    models = write_features(image)
    resnet18, mobilenet = models["resnet18-fpn"], models["mobilenet-v2"]
    resnet18_levels = torch.load(OUT / "resnet18-fpn.imagenet.ref")
    draw_mosaics(resnet18_levels)
    write_statistics(resnet18_levels)
    write_rankings(resnet18, image)
    draw_views(resnet18, image)
    write_colormaps()
    draw_bars()
write_names(resnet18, mobilenet)
with torch.inference_mode():
    write_epsilon_zero(resnet18.state_dict(), image)
