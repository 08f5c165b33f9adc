#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Times featuremosaic on a CPU against what a user would pick instead; run it through run.sh. cuda.py is for GPUs.

Each contestant is a process of its own, which has the frames in memory and answers a line of standard input with a
line of JSON: `choose LEVELS CHANNELS`, `run N` (seconds per frame, of N frames one after the other), `picture FILE`
and `features FILE` (of the first frame), `memory` (the most it has had in memory, KiB). While one runs the others
wait. All of them process the same frames with the same weights and as many threads; before anything is timed, what
they make of the first frame is compared.
"""

import argparse
import itertools
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
WORK = BUILD / "bench"
ALL_LEVELS = "c2,c3,c4,c5,p2,p3,p4,p5,pool"
FOUR_LEVELS = "p2,p3,p4,p5"
TWELVE = "0-11"

PEERS = {
    "article": "(a) torchvision, matplotlib",
    "script": "(b) torchvision channels-last, OpenCV",
    "compile": "(c) torch.compile, OpenCV",
    "onnxruntime": "(d) ONNX Runtime, OpenCV",
    "openvino": "(e) OpenVINO, OpenCV",
    "openvino-cut": "(e') OpenVINO cut to the level",
    "mmengine": "(f) torchvision, mmengine",
}
OURS = {
    "element": "featuremosaic",
    "network": "its network alone",
    "bfloat16": "featuremosaic in bfloat16",
}
CONVERTERS = ("compile", "onnxruntime", "openvino")


class Contestant:
    """A process that processes frames when it is told to."""

    def __init__(self, name, size, backbone, options, environment=None):
        frames = WORK / f"frames.{size[0]}x{size[1]}.rgb"
        weights = WORK / f"{backbone}.pth"
        arguments = [frames, *size, backbone, weights]
        if name in PEERS:
            command = [sys.executable, ROOT / "tests/bench/peers.py", name, *arguments, options.threads]
        else:
            kind = "element" if name == "bfloat16" else name
            properties = ["device=cpu", *(["precision=bfloat16"] * (name == "bfloat16"))]
            command = [BUILD / "tests/bench/bench_ours", kind, *arguments, *properties]
        log = open(WORK / f"{name}.log", "a")
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=log, text=True, env=os.environ | (environment or {}))
        self.name = name
        self.other_lines = []
        self.answer()

    def ask(self, *command):
        print(*(f'"{word}"' for word in command), file=self.process.stdin, flush=True)
        return self.answer()

    def answer(self):
        for line in self.process.stdout:
            if not line.startswith("onednn_verbose"):
                return json.loads(line)
            self.other_lines.append(line)
        sys.exit(f"{self.name} failed; see {WORK / self.name}.log")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def compare_pictures(contestants, size, levels):
    """Pictures may differ by one step of the colour map, where a value lies on the edge between two colours."""
    import matplotlib
    table = matplotlib.colormaps["viridis"](np.arange(256), bytes=True)[:, :3].astype(int)
    keys = table @ (65536, 256, 1)
    order = np.argsort(keys)
    steps = np.concatenate([[0], np.cumsum(np.diff(keys) != 0)])  # Some neighbours in the table are the same.

    def indices(name):
        file = WORK / f"{name}.picture"
        contestants[name].ask("picture", file)
        colors = np.fromfile(file, np.uint8).reshape(-1, 3).astype(int) @ (65536, 256, 1)
        places = order[np.searchsorted(keys[order], colors).clip(0, 255)]
        return np.where(colors == 0, -1, steps[places]), (keys[places] == colors) | (colors == 0)

    names = [name for name in contestants if name not in ("article", "mmengine", "network", "bfloat16")]
    reference, _ = indices("script")
    for name in names:
        ours, known = indices(name)
        if ours.shape != reference.shape or not known.all():
            sys.exit(f"{name} draws another picture of {levels} than script does")
        distance = abs(ours - reference)
        if distance.max() > 1 or (distance > 0).mean() > 0.02:
            sys.exit(f"{name}: {(distance > 0).mean():.2%} of the pixels of {levels} differ from script's, "
                     f"by up to {distance.max()} colours")

    contestants["script"].ask("features", WORK / "script.npz")
    expected = np.load(WORK / "script.npz")
    for name in ("article", "mmengine"):
        if name in contestants:
            contestants[name].ask("features", WORK / f"{name}.npz")
            features = np.load(WORK / f"{name}.npz")
            for level in expected:
                error = abs(features[level] - expected[level]).max() / abs(expected[level]).max()
                if error > 1e-4:
                    sys.exit(f"{name} computes another {level} than script: {error:.1e} of the largest magnitude")


def time_rounds(contestants, rounds, frames):
    """Seconds per frame of each contestant in each round; each goes first in turn."""
    seconds = {name: [] for name in contestants}
    order = list(contestants)
    for _ in range(rounds):
        for name in order:
            time.sleep(0.2)  # Until the threads of the one before have stopped spinning.
            seconds[name].append(contestants[name].ask("run", frames))
        order.append(order.pop(0))
    return seconds


def start_and_memory(names, options):
    """Of each in a run of its own, p2 at 640x360: seconds from nothing to the first picture, and the most KiB."""
    seconds, memory = {}, {}
    for name in names:
        for _ in range(2):  # The second time the disk is warm.
            start = time.perf_counter()
            contestant = Contestant(name, (640, 360), "resnet50-fpn", options)
            contestant.ask("choose", "p2", TWELVE)
            contestant.ask("run", 1)
            seconds[name] = time.perf_counter() - start
            contestant.ask("run", 5)
            memory[name] = contestant.ask("memory")
            contestant.close()
    return seconds, memory


def race(backbone, size, works, peers, options):
    """One table: for each work, seconds per frame by contestant and round."""
    names = ["element", "network", *peers]
    if any("," not in levels for levels in works):
        names.append("bfloat16")
    print(f"\nStarting {backbone} at {size[0]}x{size[1]}: {', '.join(names)}", flush=True)
    everybody = {name: Contestant(name, size, backbone, options) for name in names}
    results = []
    for levels in works:
        contestants = dict(everybody)
        if "," in levels:
            contestants.pop("bfloat16", None)
        for contestant in contestants.values():
            contestant.ask("choose", levels, TWELVE)
            contestant.ask("run", 3)
        compare_pictures(contestants, size, levels)
        frames = max(2, options.frames * 640 * 360 // (size[0] * size[1]))
        seconds = time_rounds(contestants, options.rounds, frames)
        results.append({"backbone": backbone, "size": list(size), "levels": levels, "seconds": seconds})
        print_race(results[-1])
    for contestant in everybody.values():
        contestant.close()
    return results


def ratio(result, slower, faster):
    """How many times as fast `faster` is: the median over the rounds."""
    return statistics.median(a / b for a, b in zip(result["seconds"][slower], result["seconds"][faster]))


def print_race(result):
    title = "all levels" if "," in result["levels"] else result["levels"]
    print(f"\n{result['backbone']}, {result['size'][0]}x{result['size'][1]}, 12 channels of {title}")
    print(f"  {'':40} {'ms':>8}   {'least..most':>15}   ours is faster by")
    for name, seconds in sorted(result["seconds"].items(), key=lambda item: statistics.median(item[1])):
        ms = [1000 * s for s in seconds]
        times = "" if name == "element" else f"{ratio(result, name, 'element'):.2f}"
        print(f"  {(PEERS | OURS)[name]:40} {statistics.median(ms):8.1f}   {min(ms):6.1f} ..{max(ms):6.1f}   {times}", flush=True)


def views(options):
    """What four views of one pass cost beside the one of them that costs most: seconds per frame by round."""
    contestants = {name: Contestant("element", (640, 360), "resnet50-fpn", options) for name in ("one", "four")}
    for name, levels in (("one", "p2"), ("four", FOUR_LEVELS)):
        contestants[name].ask("choose", levels, TWELVE)
        contestants[name].ask("run", 3)
    seconds = time_rounds(contestants, options.rounds, options.frames)
    for contestant in contestants.values():
        contestant.close()
    return {"seconds": seconds}


def print_views(result):
    print("\nresnet50-fpn, 640x360, 12 channels of each level, ms per frame")
    for name, levels in (("one", "p2"), ("four", f"{FOUR_LEVELS}, each on a pad of its own")):
        print(f"  {levels:40} {1000 * statistics.median(result['seconds'][name]):8.1f}")


def bars(results, memory, start, views):
    """(what, least, measured) of what issue and README promise, as far as it was measured."""
    def find(levels):
        for result in results:
            if result["backbone"] == "resnet50-fpn" and result["size"] == [640, 360] and result["levels"] == levels:
                return result
        return None

    def against_fastest(result):
        fastest = min((name for name in CONVERTERS if name in result["seconds"]),
                      key=lambda name: statistics.median(result["seconds"][name]))
        return ratio(result, fastest, "element")

    p2, p5, c2 = find("p2"), find("p5"), find("c2")
    rows = []
    if p2:
        rows.append(("p2 against (b)", 1.6, ratio(p2, "script", "element")))
        rows.append(("p2 against the fastest of (c), (d), (e)", 1.3, against_fastest(p2)))
    if p5:
        rows.append(("p5 against the fastest of (c), (d), (e)", 1.45, against_fastest(p5)))
    if c2:
        rows.append(("c2 against the fastest of (c), (d), (e)", 7, against_fastest(c2)))
    for result in (c2, p2, p5):
        if result and "openvino-cut" in result["seconds"]:
            rows.append((f"{result['levels']} against (e')", None, ratio(result, "openvino-cut", "element")))
    if p2 and "article" in p2["seconds"]:
        rows.append(("p2 against (a)", 2, ratio(p2, "article", "element")))
    if p2 and "network" in p2["seconds"]:
        rows.append(("p2, the element against the bare network", 0.95, ratio(p2, "network", "element")))
    if p2 and "bfloat16" in p2["seconds"]:
        rows.append(("p2, bfloat16 against float32", 1.9, ratio(p2, "element", "bfloat16")))
    if memory:
        rows.append(("peak memory, part of (b)'s (at most)", 0.8, memory["element"] / memory["script"]))
        rows.append(("seconds to the first picture (at most)", 2.5, start["element"]))
    rows.append(("four views against the one p2 (at most)", 1.15, ratio(views, "four", "one")))
    return rows


def print_bars(rows):
    print(f"\n  {'resnet50-fpn, 640x360, 12 channels':44} {'wanted':>7} {'measured':>9}")
    for what, wanted, measured in rows:
        met = wanted is None or (measured <= wanted if "at most" in what else measured >= wanted)
        print(f"  {what:44} {wanted or '':7} {measured:9.2f}{'' if met else '   not met'}")


def growth(options):
    """How the frame's time grows with pixels, levels and channels; KiB at the end of each size."""
    rows = []
    for size in ((320, 180), (640, 360), (1280, 720), (1920, 1080)):
        contestant = Contestant("element", size, "resnet50-fpn", options)
        for levels, channels in [*((level, TWELVE) for level in ("c1", *ALL_LEVELS.split(","))),
                                 ("p2", "0"), ("p2", "0-63"), ("p2", "all"), ("p5", "all"), ("c5", "all")]:
            contestant.ask("choose", levels, channels)
            contestant.ask("run", 2)
            seconds = statistics.median(contestant.ask("run", 1) for _ in range(options.rounds))
            rows.append({"size": list(size), "level": levels, "channels": channels, "seconds": seconds})
        rows.append({"size": list(size), "memory": contestant.ask("memory")})
        contestant.close()
    return rows


def print_growth(rows):
    sizes = sorted({tuple(row["size"]) for row in rows})
    print("\nresnet50-fpn, ms per frame" + "".join(f"{w}x{h}".rjust(12) for w, h in sizes))
    for what in dict.fromkeys((row["level"], row["channels"]) for row in rows if "level" in row):
        times = {tuple(row["size"]): row["seconds"] for row in rows if (row.get("level"), row.get("channels")) == what}
        print(f"  {what[0]:5} channels {what[1]:10}" + "".join(f"{1000 * times[size]:12.1f}" for size in sizes))
    memory = {tuple(row["size"]): row["memory"] for row in rows if "memory" in row}
    print("  " + "peak memory, MiB".ljust(24) + "".join(f"{memory[size] / 1024:12.0f}" for size in sizes))


def multiply_adds(shape):
    """Of a convolution as oneDNN's log describes it: mb1_ic3oc64_ih360oh180kh7sh2dh0ph3_iw640ow320kw7..."""
    if not (match := re.search(r"(?:g(\d+))?ic(\d+)oc(\d+)_ih\d+oh(\d+)kh(\d+).*?_iw\d+ow(\d+)kw(\d+)", shape)):
        return 0
    groups, into, out, height, kernel_h, width, kernel_w = (int(part or 1) for part in match.groups())
    return into * out // groups * height * width * kernel_h * kernel_w


def profile(levels, precision, options):
    """oneDNN's own log of one frame: per kind of layer, time and multiply-adds."""
    environment = {"ONEDNN_VERBOSE": "1"}
    name = "bfloat16" if precision == "bfloat16" else "network"
    contestant = Contestant(name, (640, 360), "resnet50-fpn", options, environment)
    contestant.ask("choose", levels, TWELVE)
    contestant.ask("run", 3)
    runs = []
    for _ in range(options.rounds):
        contestant.other_lines.clear()
        contestant.ask("run", 1)
        runs.append([line.rstrip().split(",") for line in contestant.other_lines if ",exec,cpu," in line])
    contestant.close()

    layers = {}
    for position, first in enumerate(runs[0]):
        ms = statistics.median(float(run[position][-1]) for run in runs)
        operation, kernel, shape = first[first.index("cpu") + 1], first[first.index("cpu") + 2], first[-2]
        kind = re.search(r"kh(\d+)", shape)
        label = f"{operation} {kind.group(1)}x{kind.group(1)}" if kind else operation
        row = layers.setdefault((label, kernel), {"calls": 0, "ms": 0.0, "multiply_adds": 0})
        row["calls"] += 1
        row["ms"] += ms
        row["multiply_adds"] += multiply_adds(shape)
    return [{"operation": label, "kernel": kernel, **row} for (label, kernel), row in layers.items()]


def ceilings(threads):
    """Multiply-adds per second of a large matrix product: by torch.mm, and by oneDNN as a 1x1 convolution."""
    import torch
    torch.set_num_threads(threads)

    def rate(multiply_adds, body):
        body()
        times = []
        for _ in range(7):
            start = time.perf_counter()
            body()
            times.append(time.perf_counter() - start)
        return multiply_adds / statistics.median(times)

    n = 2048
    a = torch.rand(n, n)
    x = torch.rand(1, n, 64, 32).contiguous(memory_format=torch.channels_last)
    w = torch.rand(n, n, 1, 1)
    reorder = torch._C._nn.mkldnn_reorder_conv2d_weight
    convolution = torch.ops.mkldnn._convolution_pointwise
    rates = {}
    with torch.inference_mode():
        rates["torch.mm, float32"] = rate(n ** 3, lambda: a @ a)
        for name, dtype in (("oneDNN, float32", torch.float32), ("oneDNN, bfloat16", torch.bfloat16)):
            y = x.to(dtype)
            packed = reorder(w.to(dtype).to_mkldnn(), [0, 0], [1, 1], [1, 1], 1, list(y.shape))
            rates[name] = rate(n ** 3, lambda: convolution(y, packed, None, [0, 0], [1, 1], [1, 1], 1, "none", [], None))
    return rates


def print_profile(title, rows, ceiling):
    total = sum(row["ms"] for row in rows)
    print(f"\n{title}: {total:.1f} ms in oneDNN")
    for row in sorted(rows, key=lambda row: -row["ms"]):
        rate = row["multiply_adds"] / row["ms"] / 1e6
        part = f"{rate:7.1f} G multiply-adds/s, {rate * 1e9 / ceiling:4.0%}" if row["multiply_adds"] else ""
        print(f"  {row['operation']:20} {row['kernel']:28} {row['calls']:3} calls {row['ms']:8.2f} ms {part}")


def plot(results):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    results = [result for result in results if result["backbone"] == "resnet50-fpn"]
    sizes = sorted({tuple(result["size"]) for result in results})
    figure, panels = pyplot.subplots(1, len(sizes), figsize=(6.5 * len(sizes), 4.5), squeeze=False)
    names = [name for name in (*PEERS, *OURS) if any(name in result["seconds"] for result in results)]
    colors = dict(zip(names, itertools.cycle(pyplot.get_cmap("tab20").colors)))
    for axes, size in zip(panels[0], sizes):
        here = [result for result in results if tuple(result["size"]) == size]
        for place, result in enumerate(here):
            seconds = sorted(result["seconds"].items(), key=lambda item: -statistics.median(item[1]))
            for i, (name, values) in enumerate(seconds):
                ms = [1000 * value for value in values]
                median = statistics.median(ms)
                axes.bar(place + 0.8 * (i / len(seconds) - 0.5), median, 0.8 / len(seconds), color=colors[name], align="edge",
                         yerr=[[median - min(ms)], [max(ms) - median]], ecolor="0.4")
        axes.set_xticks(range(len(here)), ["all levels" if "," in r["levels"] else r["levels"] for r in here])
        axes.set_yscale("log")
        axes.set_ylabel("ms per frame")
        axes.set_title(f"ResNet-50 + FPN, {size[0]}x{size[1]}, 12 channels")
        axes.grid(axis="y", which="both", alpha=0.3)
    patches = [pyplot.Rectangle((0, 0), 1, 1, color=colors[name]) for name in names]
    panels[0][-1].legend(patches, [(PEERS | OURS)[name] for name in names], fontsize=8, bbox_to_anchor=(1.02, 1),
                         loc="upper left")
    figure.tight_layout()
    for suffix in ("png", "svg"):
        figure.savefig(BUILD / f"bench.{suffix}", dpi=120)


def write_weights():
    """Random ones: the time does not depend on them."""
    import torch
    import torchvision
    from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
    torch.manual_seed(0)
    models = {
        "resnet50-fpn": lambda: resnet_fpn_backbone(backbone_name="resnet50", weights=None,
                                                    norm_layer=torch.nn.BatchNorm2d),
        "mobilenet-v2": lambda: torchvision.models.mobilenet_v2().features,
    }
    for name, make in models.items():
        file = WORK / f"{name}.pth"
        if not file.exists():
            torch.save(make().state_dict(), file)


def cpu_name():
    match = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return match.group(1) if match else platform.machine()


def versions():
    from importlib.metadata import version
    names = ("torch", "torchvision", "matplotlib", "opencv-python-headless", "onnxruntime", "openvino", "mmengine")
    return {name: version(name) for name in names}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="640x360 alone, three frames a round, no growth and profile")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--frames", type=int, default=5, help="frames in a round, fewer of large ones")
    options = parser.parse_args()
    if options.quick:
        options.frames = min(options.frames, 3)
    options.threads = len(os.sched_getaffinity(0))
    os.environ["OMP_NUM_THREADS"] = str(options.threads)

    write_weights()
    peers = list(PEERS)
    print(f"{cpu_name()}, {options.threads} threads; {options.rounds} rounds of {options.frames} frames")
    report = {"machine": cpu_name(), "threads": options.threads, "rounds": options.rounds, "frames": options.frames,
              "versions": versions()}
    report["start_seconds"], report["memory_kib"] = start, memory = start_and_memory(["element", *peers], options)
    report["races"] = races = race("resnet50-fpn", (640, 360), ["c2", "p2", "p5", *([ALL_LEVELS] * (not options.quick))],
                                   peers, options)
    if not options.quick:
        races += race("resnet50-fpn", (1280, 720), ["c2", "p2", "p5", ALL_LEVELS], peers, options)
        races += race("mobilenet-v2", (640, 360), ["c5"], peers, options)
    if not options.quick:
        report["growth"] = growth(options)
        print_growth(report["growth"])
        report["multiply_adds_per_second"] = rates = ceilings(options.threads)
        for name, rate in rates.items():
            print(f"\n{name}: {rate / 1e9:.0f} G multiply-adds/s", end="")
        report["profile"] = {}
        for levels, precision in (("p2", "float32"), ("p5", "float32"), ("p2", "bfloat16")):
            rows = report["profile"][f"{levels} {precision}"] = profile(levels, precision, options)
            print_profile(f"\n{levels}, {precision}", rows, rates[f"oneDNN, {precision}"])
    print(f"\n  {'p2, 640x360':40} {'MiB':>8} {'s to the first picture':>24}")
    for name, kib in sorted(memory.items(), key=lambda item: item[1]):
        print(f"  {(PEERS | OURS)[name]:40} {kib / 1024:8.0f} {start[name]:24.2f}")
    report["views"] = views(options)
    print_views(report["views"])
    rows = bars(races, memory, start, report["views"])
    report["bars"] = [{"what": what, "wanted": wanted, "measured": measured} for what, wanted, measured in rows]
    print_bars(rows)
    (BUILD / "bench.json").write_text(json.dumps(report, indent=1))
    plot(races)
    print(f"\nWritten: {BUILD / 'bench.json'}, bench.png, bench.svg")


if __name__ == "__main__":
    main()
