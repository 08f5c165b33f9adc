# SPDX-License-Identifier: LGPL-2.1-or-later
"""One run of cuda.py: its options, files, contestants, and what was found."""

import platform
import subprocess
import sys
import time
from pathlib import Path

import torch

import backbone
from contestant import Contestant, LeftOut, NotMeasurable
from tables import NAMES, TWELVE, title_of

ROOT = Path(__file__).resolve().parents[3]


class Bench:
    """The options, the files, and what was found."""

    def __init__(self, options):
        self.options = options
        self.on_gpu = options.device.startswith("cuda")
        self.begin = time.monotonic()
        self.failures = []
        self.compile_seconds = options.compile_seconds
        self.report = {"machine": machine(options.device), "device": options.device, "rounds": options.rounds,
                       "frames": options.frames, "left_out": {}, "races": []}
        # Sizes of frames with their preprocessing.
        if self.on_gpu:
            self.large, self.small = (1920, 1080), (640, 360)
            self.limits = {"min-size": 800, "max-size": 1333}
        else:
            # Enlarged in BT.601, and in BT.709 as it is.
            self.large, self.small = (128, 96), (64, 592)
            self.limits = {"min-size": 120, "max-size": 150}
        self.half = "float16" if self.on_gpu else "float32"
        self.preprocess = {self.large: "detection", self.small: "imagenet"}
        self.work = options.work
        self.work.mkdir(parents=True, exist_ok=True)
        self.weights = self.work / "resnet50-fpn.gpu.pth"
        torch.save(backbone.random_weights(), self.weights)
        self.frames = {size: self.make_frames(size) for size in (self.large, self.small)}

    # ---- files ----

    def program(self, name):
        if self.options.bundle:
            return [self.options.bundle / "run", name]
        if name == "bench_ours":
            return [ROOT / "build/tests/bench/bench_ours"]
        return [ROOT / "build" / name if name == "featuremosaic-describe" else name]

    def make_frames(self, size):
        """The file of frames; a clip's where run.sh made them, else the best there is, and says which."""
        name = f"frames.{size[0]}x{size[1]}.nv12"
        places = [self.work / name] + ([self.options.bundle / "share" / name] if self.options.bundle else [])
        if self.on_gpu:
            for place in places:
                if place.exists() and place.stat().st_size % (size[0] * size[1] * 3 // 2) == 0:
                    print(f"Frames of {size[0]}x{size[1]}: {place}")
                    return place
        made = self.work / f"made.{name}"
        if not self.on_gpu or not self.test_video(size, made):
            made.write_bytes(synthetic_frames(size))
            print(f"Frames of {size[0]}x{size[1]}: smooth random ones")
        return made

    def test_video(self, size, file):
        command = [*self.program("gst-launch-1.0"), "-q", "videotestsrc", "num-buffers=6", "horizontal-speed=16", "!",
                   f"video/x-raw,format=NV12,width={size[0]},height={size[1]}", "!", "filesink", f"location={file}"]
        try:
            subprocess.run([str(part) for part in command], check=True, capture_output=True, timeout=60)
        except (OSError, subprocess.SubprocessError) as error:
            self.left_out("frames of videotestsrc", str(error))
            return False
        if file.stat().st_size != 6 * size[0] * size[1] * 3 // 2:
            self.left_out("frames of videotestsrc", "not as many bytes as asked for")
            return False
        print(f"Frames of {size[0]}x{size[1]}: GStreamer's videotestsrc")
        return True

    # ---- contestants ----

    def ours(self, kind, size, **properties):
        properties = {"format": "NV12", "device": self.options.device, "precision": self.half,
                      "preprocess": self.preprocess[size], **self.limits,
                      "max-in-flight": self.options.in_flight} | properties
        pairs = [f"{name}={value}" for name, value in properties.items()]
        command = [*self.program("bench_ours"), kind, self.frames[size], *size, "resnet50-fpn", self.weights, *pairs]
        return Contestant(f"featuremosaic's {kind}", command, self.log(f"ours-{kind}"))

    def peer(self, kind, size, **properties):
        properties = {"device": self.options.device, "precision": self.half, "preprocess": self.preprocess[size],
                      **self.limits, "compiler": "max-autotune" if self.on_gpu else "eager"} | properties
        pairs = [f"{name}={value}" for name, value in properties.items()]
        command = [sys.executable, ROOT / "tests/bench/gpu/peers.py", kind, self.frames[size], *size, self.weights, *pairs]
        return Contestant(NAMES[kind], command, self.log(f"peer-{kind}"))

    def log(self, name):
        number = sum(1 for _ in self.work.glob(f"{name}.*.log"))
        return self.work / f"{name}.{number}.log"

    def choose(self, contestant, levels, compiles=False):
        """Within what is left for compiling, where that has to be done first."""
        if not compiles:
            contestant.ask("choose", levels, TWELVE)
            return
        if self.compile_seconds <= 5:
            raise LeftOut(f"no time left for compiling ({self.options.compile_seconds:.0f} s were given)")
        start = time.monotonic()
        try:
            contestant.ask("choose", levels, TWELVE, timeout=self.compile_seconds)
        finally:
            took = time.monotonic() - start
            self.compile_seconds -= took
            print(f"  {contestant.name}, {title_of(levels)}: compiled for {took:.0f} s", flush=True)
            self.report.setdefault("compile_seconds", []).append([contestant.name, levels, took])

    # ---- results ----

    def left_out(self, what, why):
        self.report["left_out"][what] = str(why)
        if not isinstance(why, NotMeasurable):
            self.failures.append(what)
        print(f"  left out: {what}: {why}", flush=True)

    def has_time(self):
        return time.monotonic() - self.begin < self.options.seconds


def machine(device):
    if device.startswith("cuda"):
        return (f"{torch.cuda.get_device_name(device)}, torch {torch.__version__}, CUDA {torch.version.cuda}, "
                f"cuDNN {torch.backends.cudnn.version()}")
    return f"{platform.machine()}, torch {torch.__version__}"


def synthetic_frames(size, count=6):
    """NV12 without edges, as resizing without a filter makes noise of them; chroma changes faster than in photos, so
    that it shows where it is taken from."""
    width, height = size
    generator = torch.Generator().manual_seed(3)

    def plane(w, h, coarseness, low, high):
        noise = torch.rand(1, 1, h // coarseness + 4, w // coarseness + 4, generator=generator)
        noise = torch.nn.functional.interpolate(noise, size=(h, w), mode="bicubic", align_corners=True)[0, 0]
        return (low + (high - low) * noise).round().clamp(low, high).to(torch.uint8)

    frames = []
    for _ in range(count):
        luma = plane(width, height, max(8, width // 40), 30, 220)
        chroma = torch.stack([plane(width // 2, height // 2, max(4, width // 160), 40, 215) for _ in range(2)], -1)
        frames += [luma.numpy().tobytes(), chroma.numpy().tobytes()]
    return b"".join(frames)
