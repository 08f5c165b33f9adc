#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a PyTorch user would write for a GPU, as a contestant of cuda.py (bench.py has the protocol).

peers.py KIND FRAMES WIDTH HEIGHT WEIGHTS [OPTION=VALUE ...], with FRAMES a file of NV12 frames and KIND one of

  eager    torchvision's backbone, channels last, inference mode, cuDNN's own choice of kernels
  compile  the same through torch.compile, batch norms folded
  cut      the same, compiled anew for each level that is chosen, so that it leaves out the rest

Options: device, precision (float32, float16, bfloat16), tf32 (0 or 1), preprocess, min-size, max-size, and compiler
(max-autotune, with CUDA graphs; or eager, which only traces). Frames wait in pinned memory, and pictures are handed
out in pinned memory; all in between is on the GPU. Beside bench.py's commands there are

  run N [IN_FLIGHT]  with 2, upload, computation and download of neighbouring frames overlap
  latency N          seconds from a frame to its picture, one at a time: the median
  profile            GPU milliseconds per frame by stage, or null
  matmul             multiply-adds per second of a large matrix product in this precision
  torchvision        how far network and input are from torchvision's, or null where it is not installed
"""

import json
import shlex
import statistics
import sys
import time
import traceback
from pathlib import Path

import numpy as np
import torch

import backbone
import steps

STAGES = ("upload", "input", "network", "picture", "download")


class Slot:
    """Buffers of one frame in flight."""

    def __init__(self, peer, pictures):
        self.frame = torch.empty_like(peer.frames[0], device=peer.device)
        self.pictures = [torch.empty_like(picture) for picture in pictures]
        self.host = [peer.pinned(torch.empty_like(picture, device="cpu")) for picture in pictures]
        self.uploaded, self.computed, self.downloaded = (torch.cuda.Event() for _ in range(3))


class Peer:
    def __init__(self, kind, frames, size, weights, options):
        self.kind, self.size = kind, size
        self.device = torch.device(options["device"])
        self.on_gpu = self.device.type == "cuda"
        self.dtype = getattr(torch, options["precision"])
        self.weights = weights
        self.limits = options["preprocess"], int(options["min-size"]), int(options["max-size"])
        self.compiler = {"backend": "eager"} if options["compiler"] == "eager" else {"mode": options["compiler"]}
        torch.backends.cudnn.benchmark = True
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = options["tf32"] == "1"

        data = np.fromfile(frames, np.uint8).reshape(-1, size[1] * 3 // 2, size[0])
        self.frames = [self.pinned(torch.from_numpy(frame)) for frame in data]
        self.model = backbone.load(weights)
        if kind != "eager":
            backbone.fold_norms(self.model)
            torch._dynamo.config.recompile_limit = 64  # The drawing is compiled for each level; it would turn eager.
        self.model.to(self.device, self.dtype, memory_format=torch.channels_last)
        self.input = self.around(steps.NetworkInput(size, self.dtype, *self.limits))
        self.network = self.compiled(self.model) if kind == "compile" else self.model
        self.cuts, self.mosaics = {}, {}
        if self.on_gpu:
            self.uploads, self.downloads = torch.cuda.Stream(), torch.cuda.Stream()

    def pinned(self, tensor):
        return tensor.pin_memory() if self.on_gpu else tensor

    def compiled(self, module):
        return torch.compile(module, dynamic=False, **self.compiler)

    def around(self, module):
        """Of what surrounds the network: fused by the compiler too, with no need of graphs as it is a few kernels."""
        module = module.to(self.device)
        if self.kind == "eager":
            return module
        return torch.compile(module, dynamic=False, backend=self.compiler.get("backend", "inductor"))

    def choose(self, levels):
        self.levels = levels
        if self.kind == "cut":
            if len(levels) > 1:
                raise ValueError("a network cut to several levels is the whole one")
            if levels[0] not in self.cuts:
                self.cuts[levels[0]] = self.compiled(backbone.Cut(self.model, levels[0]))
            self.network = self.cuts[levels[0]]
        for _ in range(4):  # To compile, to choose kernels, to record graphs.
            pictures = self.pictures(self.frames[0].to(self.device))
        self.slots = [Slot(self, pictures) for _ in range(2)] if self.on_gpu else []

    def maps(self, x):
        """The shown channels [12, h, w] of each level."""
        if self.kind != "eager" and self.on_gpu:
            torch.compiler.cudagraph_mark_step_begin()  # Its results of the frame before are used up.
        maps = self.network(x)
        names = self.levels if self.kind == "cut" else backbone.LEVELS
        shown = dict(zip(names, maps))
        return [shown[name][0, :steps.CHANNELS] for name in self.levels]

    def draw(self, maps):
        return [self.mosaic(m.shape[1:])(m) for m in maps]

    def mosaic(self, map_size):
        if map_size not in self.mosaics:
            self.mosaics[map_size] = self.around(steps.Mosaic(self.size, tuple(map_size)))
        return self.mosaics[map_size]

    def pictures(self, frame):
        return self.draw(self.maps(self.input(frame)))

    def run(self, count, in_flight):
        if not self.on_gpu:
            for i in range(count):
                self.pictures(self.frames[i % len(self.frames)])
        elif in_flight == 1:
            for i in range(count):
                self.run_one(i)
        else:
            for i in range(count):
                self.run_beside(i)
            torch.cuda.synchronize()

    def run_one(self, i):
        slot = self.slots[0]
        slot.frame.copy_(self.frames[i % len(self.frames)], non_blocking=True)
        for host, picture in zip(slot.host, self.pictures(slot.frame)):
            host.copy_(picture, non_blocking=True)
        torch.cuda.current_stream().synchronize()

    def run_beside(self, i):
        slot = self.slots[i % 2]
        slot.downloaded.synchronize()  # Then the picture of two frames ago is the user's, and the slot is free.
        compute = torch.cuda.current_stream()
        with torch.cuda.stream(self.uploads):
            slot.frame.copy_(self.frames[i % len(self.frames)], non_blocking=True)
            slot.uploaded.record()
        compute.wait_event(slot.uploaded)
        # A copy, as the compiler's graph writes the next picture to the same place.
        for kept, picture in zip(slot.pictures, self.pictures(slot.frame)):
            kept.copy_(picture, non_blocking=True)
        slot.computed.record(compute)
        with torch.cuda.stream(self.downloads):
            self.downloads.wait_event(slot.computed)
            for host, kept in zip(slot.host, slot.pictures):
                host.copy_(kept, non_blocking=True)
            slot.downloaded.record()

    def latency(self, count):
        times = []
        for i in range(count):
            start = time.perf_counter()
            self.run(1, 1)
            times.append(time.perf_counter() - start)
        return statistics.median(times)

    def profile(self, count=30):
        """By events between the stages, so that waiting for the next launch counts too."""
        if not self.on_gpu:
            return None
        slot = self.slots[0]
        frames = []
        for i in range(count):
            events = [torch.cuda.Event(enable_timing=True) for _ in range(len(STAGES) + 1)]
            events[0].record()
            slot.frame.copy_(self.frames[i % len(self.frames)], non_blocking=True)
            events[1].record()
            x = self.input(slot.frame)
            events[2].record()
            maps = self.maps(x)
            events[3].record()
            pictures = self.draw(maps)
            events[4].record()
            for host, picture in zip(slot.host, pictures):
                host.copy_(picture, non_blocking=True)
            events[5].record()
            torch.cuda.synchronize()
            frames.append([a.elapsed_time(b) for a, b in zip(events, events[1:])])
        return dict(zip(STAGES, (statistics.median(times) for times in zip(*frames))))

    def multiply_adds_per_second(self):
        n, repeats = (8192, 8) if self.on_gpu else (512, 1)
        a, b = (torch.randn(n, n, device=self.device, dtype=self.dtype) for _ in range(2))
        out = torch.empty_like(a)
        times = []
        for _ in range(3 + 7):
            if self.on_gpu:
                torch.cuda.synchronize()
            start = time.perf_counter()
            for _ in range(repeats):
                torch.mm(a, b, out=out)
            if self.on_gpu:
                torch.cuda.synchronize()
            times.append((time.perf_counter() - start) / repeats)
        return n ** 3 / statistics.median(times[3:])

    def distance_from_torchvision(self):
        try:
            network = backbone.check_against_torchvision(self.weights)
            return {"network": network, "input": steps.check_against_torchvision(self.size, *self.limits[1:])}
        except ImportError:
            return None


def peak_memory():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


def answer(peer, command, *arguments):
    if command == "choose":
        peer.choose(arguments[0].split(","))
    elif command == "run":
        count = int(arguments[0])
        start = time.perf_counter()
        peer.run(count, int(arguments[1]) if len(arguments) > 1 else 1)
        return (time.perf_counter() - start) / count
    elif command == "latency":
        return peer.latency(int(arguments[0]))
    elif command == "picture":
        pictures = peer.pictures(peer.frames[0].to(peer.device))
        np.concatenate([picture.cpu().numpy().ravel() for picture in pictures]).tofile(arguments[0])
    elif command == "features":
        maps = peer.maps(peer.input(peer.frames[0].to(peer.device)))
        np.savez(arguments[0], **{name: m.float().cpu().numpy() for name, m in zip(peer.levels, maps)})
    elif command == "memory":
        return peak_memory()
    elif command == "profile":
        return peer.profile()
    elif command == "matmul":
        return peer.multiply_adds_per_second()
    elif command == "torchvision":
        return peer.distance_from_torchvision()


def main():
    kind, frames, width, height, weights, *pairs = sys.argv[1:]
    options = {"device": "cuda", "precision": "float16", "tf32": "0", "preprocess": "imagenet", "min-size": "800",
               "max-size": "1333", "compiler": "max-autotune"} | dict(pair.split("=", 1) for pair in pairs)
    answers = sys.stdout
    sys.stdout = sys.stderr  # What libraries print is no answer.
    try:
        with torch.inference_mode():
            peer = Peer(kind, frames, (int(width), int(height)), weights, options)
            print(json.dumps("ready"), file=answers, flush=True)
            for line in sys.stdin:
                print(json.dumps(answer(peer, *shlex.split(line))), file=answers, flush=True)
    except Exception as error:
        traceback.print_exc()
        # A compiler's message ends in hints; what happened is in its first two lines.
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        print(json.dumps({"error": f"{type(error).__name__}: {' '.join(lines[:2])}"}), file=answers, flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
