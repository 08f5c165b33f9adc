#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a user would write instead of using featuremosaic, as a contestant of bench.py (which see for the protocol).

peers.py KIND FRAMES WIDTH HEIGHT BACKBONE WEIGHTS THREADS, with KIND one of

  article     torchvision's backbone, 12 subplots of matplotlib made into an image
  script      torchvision, channels last, inference mode; colours and tiles by OpenCV
  compile     the same with the network through torch.compile
  onnxruntime the same with the network exported to ONNX Runtime
  openvino    the same with the network converted to OpenVINO, latency hint
  openvino-cut  the same, converted anew for each choice of levels, so that OpenVINO leaves out the rest
  mmengine    torchvision, and mmengine's draw_featmap
"""

import json
import shlex
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torchvision
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

CHANNELS = 12
COLUMNS, ROWS = 4, 3
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Levels(torch.nn.Module):
    """The backbone with all levels that a user may look at: c2 to c5, p2 to p5, pool; MobileNetV2's c1 to c5."""

    def __init__(self, backbone, weights):
        super().__init__()
        self.is_resnet = backbone == "resnet50-fpn"
        if self.is_resnet:
            self.model = resnet_fpn_backbone(backbone_name="resnet50", weights=None, norm_layer=torch.nn.BatchNorm2d)
            self.names = ["c2", "c3", "c4", "c5", "p2", "p3", "p4", "p5", "pool"]
        else:
            self.model = torchvision.models.mobilenet_v2().features
            self.names = ["c1", "c2", "c3", "c4", "c5"]
        self.model.load_state_dict(torch.load(weights))
        self.eval()

    def forward(self, x):
        if not self.is_resnet:
            maps = []
            for i, module in enumerate(self.model):
                x = module(x)
                if i in (1, 3, 6, 13, 18):
                    maps.append(x)
            return tuple(maps)
        layers = self.model.body(x)
        return (*layers.values(), *self.model.fpn(layers).values())


class Only(torch.nn.Module):
    """Some of the levels, for converters that leave out what no output depends on."""

    def __init__(self, levels, names):
        super().__init__()
        self.levels = levels
        self.indices = [levels.names.index(name) for name in names]

    def forward(self, x):
        maps = self.levels(x)
        return tuple(maps[i] for i in self.indices)


def network_input(frame):
    """[1, 3, H, W] of an RGB frame [H, W, 3]: what torchvision's ToTensor and Normalize give."""
    x = torch.from_numpy(frame).permute(2, 0, 1)[None].float().div_(255)
    return x.sub_(torch.tensor(MEAN).view(-1, 1, 1)).div_(torch.tensor(STD).view(-1, 1, 1))


class Torch:
    """Names to maps [C, h, w], as NumPy arrays; what is not shown stays where it is."""

    def __init__(self, levels, channels_last=False, compiled=False):
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self.names = levels.names
        self.module = levels.to(memory_format=self.format)
        if compiled:
            # Without it the weights are not laid out for oneDNN beforehand.
            torch._inductor.config.freezing = True
            self.module = torch.compile(self.module)

    def choose(self, names):
        self.shown = names

    @torch.inference_mode()
    def __call__(self, frame):
        x = network_input(frame).to(memory_format=self.format)
        maps = dict(zip(self.names, self.module(x)))
        return {name: maps[name][0, :CHANNELS].numpy() for name in self.shown}


class OnnxRuntime:
    def __init__(self, levels, size, threads):
        import onnxruntime
        path = Path(sys.argv[6]).with_suffix(f".{size[0]}x{size[1]}.onnx")
        if not path.exists():
            torch.onnx.export(levels, (torch.zeros(1, 3, size[1], size[0]),), str(path), dynamo=False,
                              output_names=levels.names)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0].name

    def choose(self, names):
        self.shown = names

    def __call__(self, frame):
        x = network_input(frame).contiguous().numpy()
        maps = self.session.run(self.shown, {self.input: x})
        return {name: m[0, :CHANNELS] for name, m in zip(self.shown, maps)}


class OpenVino:
    def __init__(self, levels, size, threads, cut):
        import openvino
        self.levels, self.size, self.cut = levels, size, cut
        self.core = openvino.Core()
        self.convert = openvino.convert_model
        self.options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads,
                        "INFERENCE_PRECISION_HINT": "f32"}
        if not cut:
            self.compile(levels.names)

    def compile(self, names):
        shape = [1, 3, self.size[1], self.size[0]]
        model = self.convert(Only(self.levels, names), example_input=torch.zeros(shape), input=shape)
        self.names = names
        self.request = self.core.compile_model(model, "CPU", self.options).create_infer_request()

    def choose(self, names):
        self.shown = names
        if self.cut:
            self.compile(names)

    def __call__(self, frame):
        result = self.request.infer([network_input(frame).contiguous().numpy()], share_inputs=True, share_outputs=True)
        maps = dict(zip(self.names, (result[i] for i in range(len(self.names)))))
        return {name: maps[name][0, :CHANNELS] for name in self.shown}


class Tiles:
    """4 x 3 tiles in viridis as the contract lays them out, by NumPy and OpenCV."""

    def __init__(self, width, height, threads):
        import cv2
        import matplotlib
        self.cv2 = cv2
        cv2.setNumThreads(threads)
        table = matplotlib.colormaps["viridis"](np.arange(256), bytes=True)[:, :3]
        self.table = np.ascontiguousarray(table)[:, None]
        self.tile = width // COLUMNS, int(np.floor(width // COLUMNS * height / width + 0.5))
        self.picture = np.zeros(((ROWS * self.tile[1] + 1) // 2 * 2, (width + 1) // 2 * 2, 3), np.uint8)

    def __call__(self, maps):
        self.picture[:] = 0
        for k, m in enumerate(maps):
            low, high = m.min(), m.max()
            t = (m - low) * (256 / (high - low))
            index = np.minimum(t, 255).astype(np.uint8)
            index = self.cv2.resize(index, self.tile, interpolation=self.cv2.INTER_NEAREST)
            x, y = k % COLUMNS * self.tile[0], k // COLUMNS * self.tile[1]
            self.picture[y:y + self.tile[1], x:x + self.tile[0]] = self.cv2.applyColorMap(index, self.table)
        return self.picture


class Matplotlib:
    """As the article draws: 12 subplots to an image."""

    def __init__(self):
        import matplotlib
        matplotlib.use("Agg")
        from matplotlib import pyplot
        self.pyplot = pyplot

    def __call__(self, maps):
        figure = self.pyplot.figure()
        for k, m in enumerate(maps):
            axes = figure.add_subplot(ROWS, COLUMNS, k + 1)
            axes.axis("off")
            axes.imshow(m)
        figure.canvas.draw()
        picture = np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()
        self.pyplot.close(figure)
        return picture


class MmEngine:
    """Shown are the 12 strongest of the 12 first channels: less than it does by default, which is to rank all."""

    def __init__(self):
        import matplotlib
        matplotlib.use("Agg")
        from mmengine.visualization import Visualizer
        self.draw = Visualizer.draw_featmap

    def __call__(self, maps):
        return self.draw(torch.from_numpy(maps.copy()), channel_reduction=None, topk=CHANNELS,
                         arrangement=(ROWS, COLUMNS))


def make(kind, levels, size, threads):
    if kind == "article":
        return Torch(levels), Matplotlib()
    if kind == "mmengine":
        return Torch(levels), MmEngine()
    tiles = Tiles(*size, threads)
    if kind == "script":
        return Torch(levels, channels_last=True), tiles
    if kind == "compile":
        return Torch(levels, channels_last=True, compiled=True), tiles
    if kind == "onnxruntime":
        return OnnxRuntime(levels, size, threads), tiles
    return OpenVino(levels, size, threads, cut=kind == "openvino-cut"), tiles


def peak_memory():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


def main():
    kind, frames_file, width, height, backbone, weights, threads = sys.argv[1:]
    size, threads = (int(width), int(height)), int(threads)
    torch.set_num_threads(threads)
    frames = np.fromfile(frames_file, np.uint8).reshape(-1, size[1], size[0], 3)
    network, draw = make(kind, Levels(backbone, weights), size, threads)
    answers = sys.stdout
    sys.stdout = sys.stderr  # What libraries print is no answer.

    def process(i):
        for maps in network(frames[i % len(frames)]).values():
            draw(maps)

    def answer(command, *arguments):
        if command == "choose":
            network.choose(arguments[0].split(","))
        elif command == "run":
            count = int(arguments[0])
            start = time.perf_counter()
            for i in range(count):
                process(i)
            return (time.perf_counter() - start) / count
        elif command == "picture":
            pictures = [draw(maps).ravel().copy() for maps in network(frames[0]).values()]
            np.concatenate(pictures).tofile(arguments[0])
        elif command == "features":
            np.savez(arguments[0], **network(frames[0]))
        elif command == "memory":
            return peak_memory()

    print(json.dumps("ready"), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(*shlex.split(line))), file=answers, flush=True)


main()
