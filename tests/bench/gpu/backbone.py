# SPDX-License-Identifier: LGPL-2.1-or-later
"""ResNet-50 with FPN in torch.nn alone, with torchvision's names of parameters: torchvision may be absent on a GPU
machine. Where it is there, check_against_torchvision() compares the two."""

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

LEVELS = ["c2", "c3", "c4", "c5", "p2", "p3", "p4", "p5", "pool"]


class Bottleneck(nn.Module):
    """1x1 to fewer channels, 3x3, 1x1 to four times as many, and the input added."""

    def __init__(self, channels, inner, stride):
        super().__init__()
        out = 4 * inner
        self.conv1 = nn.Conv2d(channels, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or channels != out:
            self.downsample = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        y += shortcut
        return self.relu(y)


class ResNet50(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        channels = 64
        for number, (inner, blocks) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3)), start=1):
            layer = []
            for block in range(blocks):
                layer.append(Bottleneck(channels, inner, 2 if block == 0 and number > 1 else 1))
                channels = 4 * inner
            setattr(self, f"layer{number}", nn.Sequential(*layer))

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        maps = []
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
            maps.append(x)
        return maps


class FeaturePyramid(nn.Module):
    def __init__(self, channels, out):
        super().__init__()
        self.inner_blocks = nn.ModuleList(nn.Sequential(nn.Conv2d(c, out, 1)) for c in channels)
        self.layer_blocks = nn.ModuleList(nn.Sequential(nn.Conv2d(out, out, 3, padding=1)) for _ in channels)

    def forward(self, maps):
        merged, results = None, []
        for lateral, smooth, x in zip(reversed(self.inner_blocks), reversed(self.layer_blocks), reversed(maps)):
            x = lateral(x)
            merged = x if merged is None else x + functional.interpolate(merged, size=x.shape[-2:], mode="nearest")
            results.insert(0, smooth(merged))
        return [*results, functional.max_pool2d(results[-1], 1, 2, 0)]


class Backbone(nn.Module):
    """An input [1, 3, H, W] to the maps of all LEVELS, [1, C, h, w] each."""

    def __init__(self):
        super().__init__()
        self.body = ResNet50()
        self.fpn = FeaturePyramid((256, 512, 1024, 2048), 256)

    def forward(self, x):
        maps = self.body(x)
        return (*maps, *self.fpn(maps))


class Cut(nn.Module):
    """One level alone, for a compiler that leaves out what no output depends on."""

    def __init__(self, backbone, level):
        super().__init__()
        self.backbone = backbone
        self.index = LEVELS.index(level)

    def forward(self, x):
        return (self.backbone(x)[self.index],)


def fold_norms(backbone):
    """Puts each batch norm into the convolution before it, as one does before compiling for inference."""
    for module in list(backbone.modules()):
        for conv, norm in (("conv1", "bn1"), ("conv2", "bn2"), ("conv3", "bn3")):
            if hasattr(module, norm):
                setattr(module, conv, fuse_conv_bn_eval(getattr(module, conv), getattr(module, norm)))
                setattr(module, norm, nn.Identity())
        if getattr(module, "downsample", None) is not None:
            module.downsample = fuse_conv_bn_eval(*module.downsample)
    return backbone


def random_weights():
    """A state dict: the time does not depend on it. The norms' numbers differ from channel to channel, so that a
    mistake in them shows; the gain keeps the residual sums from growing out of float16's range."""
    torch.manual_seed(0)
    backbone = Backbone()
    for module in backbone.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.normal_(module.bias, std=0.1)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.6, 1.0)
            nn.init.normal_(module.bias, std=0.1)
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.8, 1.5)
    return backbone.state_dict()


def load(weights):
    backbone = Backbone()
    backbone.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return backbone.eval()


@torch.inference_mode()
def check_against_torchvision(weights):
    """The largest difference of any level, as a part of the level's largest magnitude; ImportError without
    torchvision."""
    from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
    theirs = resnet_fpn_backbone(backbone_name="resnet50", weights=None, norm_layer=nn.BatchNorm2d).eval()
    theirs.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    x = torch.randn(1, 3, 72, 104, generator=torch.Generator().manual_seed(1))
    body = theirs.body(x)
    expected = (*body.values(), *theirs.fpn(body).values())
    return max(((ours - other).abs().max() / other.abs().max()).item() for ours, other in zip(load(weights)(x), expected))
