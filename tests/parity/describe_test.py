#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares what featuremosaic-describe (FM_DESCRIBE) says of weights files with torchvision's modules that they are of."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from functools import partial
from pathlib import Path

import torch
import torchvision
from torch import nn
from torchvision.models import detection
from torchvision.models.detection.backbone_utils import mobilenet_backbone, resnet_fpn_backbone

CLASSIFIERS = {
    "resnet18": "resnet18", "resnet34": "resnet34", "resnet50": "resnet50", "resnet101": "resnet101",
    "resnet152": "resnet152", "resnext50-32x4d": "resnext50_32x4d", "wide-resnet50-2": "wide_resnet50_2",
    "mobilenet-v2": "mobilenet_v2", "mobilenet-v3-large": "mobilenet_v3_large", "vgg16": "vgg16", "vgg16-bn": "vgg16_bn",
}
DETECTORS = {
    "fasterrcnn_resnet50_fpn": "resnet50-fpn", "fasterrcnn_resnet50_fpn_v2": "resnet50-fpn",
    "retinanet_resnet50_fpn": "resnet50-fpn", "retinanet_resnet50_fpn_v2": "resnet50-fpn",
    "maskrcnn_resnet50_fpn": "resnet50-fpn", "fcos_resnet50_fpn": "resnet50-fpn",
    "fasterrcnn_mobilenet_v3_large_fpn": "mobilenet-v3-large-fpn",
}
# Parts of a classifier that are no backbone.
HEADS = ("fc.", "classifier.")


def small(state):
    """The same names and shapes, in a file of a few kilobytes."""
    return {name: torch.zeros((), dtype=tensor.dtype, device="cpu").expand(tensor.shape) for name, tensor in state.items()}


def pair(value):
    return list(value) if isinstance(value, tuple) else [value, value]


def convolutions(module):
    """By name: kernel, stride, padding, channels, groups, bias, and how many there are of norms and their parameters."""
    found = {}
    for name, layer in module.named_modules():
        if isinstance(layer, nn.Conv2d) and not name.startswith(HEADS):
            found[name] = (layer.in_channels, layer.out_channels, pair(layer.kernel_size), pair(layer.stride),
                           pair(layer.padding), layer.groups, layer.bias is not None)
    return found


def norms(module):
    kinds = (nn.BatchNorm2d, torchvision.ops.FrozenBatchNorm2d)
    return {name for name, layer in module.named_modules() if isinstance(layer, kinds)}


def plain(name):
    """Without the scope that a body has in a Network, but not in a classifier."""
    for scope in ("body.", "features."):
        name = name.removeprefix(scope)
    return name


class Describe(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def run_on(self, content, *arguments, status=0):
        """What is printed of a file that torch.save makes of `content`."""
        file = Path(self.folder.name) / "weights.pth"
        torch.save(content, file)
        run = subprocess.run([os.environ["FM_DESCRIBE"], "--weights", file, *arguments], capture_output=True, text=True)
        self.assertEqual(run.returncode, status, run.stderr)
        return run.stdout

    def describe(self, state, *arguments, status=0):
        return json.loads(self.run_on(small(state), "--json", *arguments, status=status))

    def expectModule(self, described, module):
        layers = [layer for layer in described["layers"] if layer["kind"] == "convolution"]
        ours = {plain(layer["name"]): (layer["in_channels"], layer["out_channels"], layer["kernel_size"], layer["stride"],
                                       layer["padding"], layer["groups"], layer["bias"]) for layer in layers}
        self.assertEqual(ours, {plain(name): layer for name, layer in convolutions(module).items()})
        self.assertEqual({plain(layer["batch_norm"]) for layer in layers if "batch_norm" in layer},
                         {plain(name) for name in norms(module)})

    def testEveryClassifierIsToldFromItsWeights(self):
        for name, model in CLASSIFIERS.items():
            with self.subTest(name), torch.device("meta"):
                module = getattr(torchvision.models, model)(weights=None)
                described = self.describe(module.state_dict())
                self.assertEqual(described["backbone"], name)
                self.assertTrue(described["weights"]["fits"])
                self.expectModule(described, module)
                heads = sum(p.numel() for n, p in module.named_parameters() if n.startswith(HEADS))
                self.assertEqual(described["parameters"], sum(p.numel() for p in module.parameters()) - heads)

    def testEveryDetectorsBackboneIsToldFromItsWeights(self):
        for model, name in DETECTORS.items():
            with self.subTest(model), torch.device("meta"):
                detector = getattr(detection, model)(weights=None, weights_backbone=None)
                state = detector.state_dict()
                for wrapped in (state, {f"module.{key}": value for key, value in state.items()}):
                    described = self.describe(wrapped)
                    self.assertEqual(described["backbone"], name)
                    self.assertTrue(described["weights"]["fits"])
                    self.expectModule(described, detector.backbone)
                maps = detector.backbone(torch.zeros(1, 3, 256, 256))
                found = [level for level in described["levels"] if level["name"][0] == "p"]
                self.assertEqual([256 // level["stride"] for level in found], [m.shape[3] for m in maps.values()])
                self.assertEqual([level["channels"] for level in found], [m.shape[1] for m in maps.values()])

    def testBackbonesWithAnFpnAreToldFromTheirWeights(self):
        make = {name: partial(resnet_fpn_backbone, backbone_name=model, weights=None, norm_layer=nn.BatchNorm2d)
                for name, model in CLASSIFIERS.items() if "res" in name}
        make |= {name: partial(mobilenet_backbone, backbone_name=model, weights=None, fpn=True, norm_layer=nn.BatchNorm2d)
                 for name, model in CLASSIFIERS.items() if "mobilenet" in name}
        for name, backbone in make.items():
            with self.subTest(name), torch.device("meta"):
                module = backbone()
                described = self.describe(module.state_dict())
                self.assertEqual(described["backbone"], f"{name}-fpn")
                self.expectModule(described, module)

    def testWhatDoesNotFitIsListed(self):
        state = torchvision.models.resnet18(weights=None).state_dict()
        broken = {**state, "layer1.2.conv1.weight": torch.zeros(1), "conv1.weight": torch.zeros(64, 3, 3, 3)}
        del broken["layer2.0.bn1.running_var"]
        weights = self.describe(broken, "--backbone", "resnet18", status=1)["weights"]
        self.assertFalse(weights["fits"])
        self.assertEqual(weights["missing"], ["body.layer2.0.bn1.running_var"])
        self.assertEqual(weights["unexpected"], ["layer1.2.conv1.weight"])
        self.assertEqual(weights["misshapen"],
                         [{"name": "body.conv1.weight", "found": [64, 3, 3, 3], "expected": [64, 3, 7, 7]}])
        self.assertEqual(weights["tensors"], len(broken))
        self.assertEqual(len(weights["matched"]) + 2, len([name for name in state if "num_batches" not in name and
                                                           not name.startswith("fc.")]))

    def testOfNoBackboneNothingFits(self):
        state = torchvision.models.densenet121(weights=None).state_dict()
        described = self.describe(state, status=1)
        weights = described["weights"]
        self.assertIsNone(described["backbone"])
        self.assertNotIn("layers", described)
        self.assertEqual(weights["matched"], [])
        self.assertEqual(weights["missing"], [])
        self.assertIsNone(weights["family"])
        first = list(state.items())[:5]
        self.assertEqual(weights["first"], [{"name": name, "shape": list(tensor.shape)} for name, tensor in first])

        text = self.run_on(small(state), status=1)
        self.assertIn("no known backbone", text)
        self.assertNotIn("resnet", text)
        for name, tensor in first:
            self.assertIn(f"{name} {list(tensor.shape)}", text)
        self.assertNotIn(list(state)[5], text)
        mixed = {"one": torch.zeros(3, dtype=torch.complex64), "two": torch.zeros(3)}
        self.assertIn("one (complex64)", self.run_on(mixed, status=1))

    def testOfSeveralBackbonesTheOneThatFitsBestCounts(self):
        resnet = small(torchvision.models.resnet50(weights=None).state_dict())
        other = small(torchvision.models.resnet18(weights=None).state_dict())
        stranger = {"layer1.0.conv1.weight": torch.zeros(4, 3, 3, 3)}
        for content, prefix, backbone in (
                ({"discriminator": stranger, "net": resnet}, "net.", "resnet50"),
                ({"net": resnet, "discriminator": stranger}, "net.", "resnet50"),
                ({"discriminator": stranger, "ema": other, "net": resnet}, "ema.", "resnet18"),
                ({"model": resnet, "ema": resnet}, "model.", "resnet50"),
                ({"ema": resnet, "model": resnet}, "ema.", "resnet50")):
            with self.subTest(list(content)):
                described = json.loads(self.run_on(content, "--json"))
                self.assertEqual(described["backbone"], backbone)
                self.assertEqual(described["weights"]["prefix"], prefix)
        content = {"ema": other, "model": resnet}
        described = json.loads(self.run_on(content, "--json", "--backbone", "resnet50"))
        self.assertEqual(described["weights"]["prefix"], "model.")

    def testAClassifierFillsTheBodyOfItsOwnNetworkAlone(self):
        state = torchvision.models.resnet50(weights=None).state_dict()
        weights = self.describe(state, "--backbone", "resnet50-fpn")["weights"]
        self.assertTrue(weights["accepted"])
        self.assertIn("are random", weights["warning"])
        self.assertIn("are random", self.run_on(small(state), "--backbone", "resnet50-fpn"))
        for model in ("resnext50_32x4d", "wide_resnet50_2", "resnet101", "resnet18"):
            with self.subTest(model):
                state = getattr(torchvision.models, model)(weights=None).state_dict()
                weights = self.describe(state, "--backbone", "resnet50-fpn", status=1)["weights"]
                self.assertFalse(weights["accepted"])

    def testAnFpnMayHaveAnyWidth(self):
        sides = [256, 512, 1024, 2048]
        state = torchvision.models.resnet50(weights=None).state_dict()
        body = {f"body.{name}": tensor for name, tensor in state.items()}
        fpn = torchvision.ops.FeaturePyramidNetwork(sides, 128).state_dict()
        described = self.describe(body | {f"fpn.{name}": tensor for name, tensor in fpn.items()})
        self.assertEqual(described["backbone"], "resnet50-fpn")
        self.assertTrue(described["weights"]["fits"])
        self.assertEqual({level["channels"] for level in described["levels"] if level["name"][0] == "p"}, {128})

    def testTensorsThatCannotBeReadAreNamedWithTheirType(self):
        state = small(torchvision.models.resnet18(weights=None).state_dict())
        kernel = torch.zeros(64, 64, 3, 3)
        for tensor, kind in ((kernel.to(torch.complex64), "complex64"), (kernel.to("meta"), "meta"),
                             (torch.quantize_per_tensor(kernel, 0.1, 0, torch.qint8), "quantised")):
            with self.subTest(kind):
                for name in ("layer1.0.conv1.weight", "layer1.0.conv2.weight"):
                    content = state | {name: tensor}
                    weights = json.loads(self.run_on(content, "--json", status=1))["weights"]
                    self.assertEqual(weights["unread"], [{"name": name, "type": kind}])
                    self.assertEqual(weights["missing"], [])
                    self.assertIn(f"cannot be read:\n    {name} ({kind})\n", self.run_on(content, status=1))

    def testADeepLabIsSaidToBeDilated(self):
        for model, dilated in ((torchvision.models.segmentation.deeplabv3_resnet50, True),
                               (detection.fasterrcnn_resnet50_fpn, False)):
            weights = self.describe(model(weights=None, weights_backbone=None).state_dict())["weights"]
            self.assertEqual("dilated" in (weights["warning"] or ""), dilated)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
