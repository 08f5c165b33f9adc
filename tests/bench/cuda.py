#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Times featuremosaic on a GPU against what a PyTorch user would write instead; run it through run.sh --device cuda.

The contestants are processes that are told what to do (see bench.py for the protocol, gpu/peers.py for the peers). All
process the same NV12 frames with the same weights; before anything is timed, what they make of the first frame is
compared. They take turns, each first in turn; a round ends with the GPU idle. Given are medians over the rounds, and
medians of the rounds' ratios. What cannot be measured is printed as "left out", with the reason, and the rest goes on.

With --device cpu the same goes through at a tiny size: a test of this program, not a measurement.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

# This folder is no place to look for modules in: this file's name is that of NVIDIA's Python package.
sys.path[0] = str(Path(__file__).resolve().parent / "gpu")

import torch

import backbone
import steps
from bench import ROOT, Bench
from comparing import Mismatch, compare, compare_pictures, picture_of
from contestant import LeftOut, NotMeasurable
from tables import NAMES, TWELVE, bars, print_bars, print_race, print_stages, title_of

MAIN_LEVELS = ("p2", "c2", "p5")
ALL_LEVELS = ",".join(backbone.LEVELS)


def close(contestants):
    for contestant in contestants:
        contestant.close()


def time_rounds(bench, entries):
    """Seconds per frame in each round. `entries`: name to (process, frames in flight or None)."""
    seconds = {name: [] for name in entries}
    order = list(entries)
    for _ in range(bench.options.rounds):
        for name in list(order):
            process, in_flight = entries[name]
            arguments = [] if in_flight is None else [in_flight]
            try:
                process.ask("run", min(10, bench.options.frames), *arguments)  # So that the GPU's clock is up.
                seconds[name].append(process.ask("run", bench.options.frames, *arguments))
            except LeftOut as why:
                bench.left_out(f"the time of {NAMES.get(name, name)}", why)
                order.remove(name)
                del seconds[name]
        order = order[1:] + order[:1]
    return seconds


def race(bench, size, levels_to_show, with_cut):
    """One table for each choice of levels."""
    print(f"\nStarting at {size[0]}x{size[1]}, preprocess={bench.preprocess[size]}", flush=True)
    started = {"element": bench.ours("element", size),
               **{name: bench.peer(name, size) for name in ("eager", "compile", *(["cut"] * with_cut))}}
    compiled = set()
    try:
        for process in started.values():
            try:
                process.wait_until_ready()
            except LeftOut:
                pass  # It says so again when it is to choose.
        for levels in levels_to_show:
            several = "," in levels
            chosen = {}
            for name, process in started.items():
                if name == "cut" and several:
                    continue
                try:
                    # The whole network is compiled once, the cut one for each level.
                    bench.choose(process, levels, name == "cut" or (name == "compile" and name not in compiled))
                    chosen[name] = process
                    compiled.add(name)
                except LeftOut as why:
                    bench.left_out(f"{NAMES[name]}, {title_of(levels)} at {size[0]}x{size[1]}", why)
            if "eager" not in chosen:
                raise LeftOut("without (g) there is nothing to compare with")
            compare(bench, chosen, size, levels)
            result = {"size": list(size), "levels": levels, "seconds": time_rounds(bench, entries_of(chosen))}
            bench.report["races"].append(result)
            print_race(result)
            if with_cut and not several:
                profile_compiled(bench, chosen, levels)
    finally:
        close(started.values())


def profile_compiled(bench, processes, level):
    """Where the compiled peers' GPU time goes; here, as they would have to be compiled again elsewhere."""
    rows = {}
    for name in ("compile", "cut"):
        try:
            times = processes[name].ask("profile") if name in processes else None
        except LeftOut as why:
            bench.left_out(f"GPU time of {NAMES[name]}", why)
            del processes[name]
            continue
        if times is not None:
            rows[f"{name} {level}"] = times
    bench.report.setdefault("kernels", {}).update(rows)
    print_stages(bench, rows)


def entries_of(processes):
    entries = {}
    for name, process in processes.items():
        if name == "element":
            entries[name] = process, None
        else:
            entries[name] = process, 1
            entries[f"{name} 2"] = process, 2
    return entries


def levels(bench):
    race(bench, bench.large, [*MAIN_LEVELS, ALL_LEVELS], with_cut=not bench.options.without_cut)


def small(bench):
    race(bench, bench.small, ["p2", ALL_LEVELS] if bench.options.quick else [*MAIN_LEVELS, ALL_LEVELS], with_cut=False)


def device_memory_used(bench):
    """Bytes in use on the device by everybody; None where there is none."""
    if not bench.on_gpu:
        return None
    free, total = torch.cuda.mem_get_info(bench.options.device)
    return total - free


def start(bench):
    """Each alone: seconds from nothing to the first picture (the second of two starts, with the disk warm), and by how
    much the device's memory is fuller while it runs: its context and its libraries' are in it."""
    makers = {"element": lambda: bench.ours("element", bench.large), "eager": lambda: bench.peer("eager", bench.large),
              "compile": lambda: bench.peer("compile", bench.large)}
    rows = bench.report["start"] = {}
    for name, make in makers.items():
        try:
            for _ in range(1 if name == "compile" else 2):  # What is compiled is in the compiler's cache by now.
                before = device_memory_used(bench)
                begin = time.perf_counter()
                contestant = make()
                try:
                    bench.choose(contestant, "p2", compiles=name == "compile")
                    contestant.ask("run", 1)
                    seconds = time.perf_counter() - begin
                    contestant.ask("run", bench.options.frames)
                    used = device_memory_used(bench)
                    rows[name] = {"seconds": seconds, "host_kib": contestant.ask("memory"),
                                  "device_bytes": None if used is None else used - before}
                finally:
                    contestant.close()
        except LeftOut as why:
            bench.left_out(f"start of {NAMES[name]}", why)
    print(f"\n  {'p2, %dx%d' % bench.large:40} {'GPU MiB':>8} {'host MiB':>9} {'s to the first picture':>24}")
    for name, row in rows.items():
        gpu = "-" if row["device_bytes"] is None else f"{row['device_bytes'] / 2 ** 20:.0f}"
        print(f"  {NAMES[name]:40} {gpu:>8} {row['host_kib'] / 1024:9.0f} {row['seconds']:24.2f}", flush=True)


def flight(bench):
    """The element with more frames in flight: where the network takes long, and where it does not."""
    bench.report["flight"] = []
    for level in ("p2", "c2"):
        processes = {}
        try:
            for count in (1, 2, 3):
                name = f"element {count}"
                try:
                    processes[name] = bench.ours("element", bench.large, **{"max-in-flight": count})
                    processes[name].ask("choose", level, TWELVE)
                except LeftOut as why:
                    processes.pop(name, None)
                    bench.left_out(NAMES[name], why)
            seconds = time_rounds(bench, {name: (process, None) for name, process in processes.items()})
        finally:
            close(processes.values())
        bench.report["flight"].append({"size": list(bench.large), "levels": level, "seconds": seconds})
        print_race(bench.report["flight"][-1])


def precision(bench):
    """p2 in all precisions, ours and (g)'s; the pictures are compared with that of (g) in float32."""
    entries, processes = {}, []
    kinds = ["float16", "bfloat16", "float32"] if bench.on_gpu else ["float32", "bfloat16"]
    makers = {}
    for kind in kinds:
        if kind == "float32":
            makers["(g) float32"] = kind, lambda: bench.peer("eager", bench.large, precision=kind)
            if bench.on_gpu:
                makers["(g) float32 in TF32"] = "float16", lambda: bench.peer("eager", bench.large, precision=kind, tf32=1)
        else:
            makers[f"(g) {kind}"] = kind, lambda kind=kind: bench.peer("eager", bench.large, precision=kind)
        # Ours may compute float32 in TF32, which has float16's precision.
        makers[f"featuremosaic {kind}"] = ("float16" if kind == "float32" and bench.on_gpu else kind,
                                           lambda kind=kind: bench.ours("element", bench.large, precision=kind))
    makers = {"(g) float32": makers["(g) float32"]} | makers
    try:
        expected = None
        for name, (tolerance, make) in makers.items():
            try:
                process = make()
                processes.append(process)
                process.ask("choose", "p2", TWELVE)
                places = picture_of(bench, process)
            except LeftOut as why:
                bench.left_out(name, why)
                continue
            if expected is None:
                expected = places
            most = compare_pictures(expected, places, tolerance, f"{name} against {next(iter(makers))}, p2")
            entries[name] = process, None
            bench.report.setdefault("colours_apart", {})[f"precision: {name}"] = float(most)
        seconds = time_rounds(bench, entries)
    finally:
        close(processes)
    bench.report["precision"] = seconds
    print(f"\n  {'p2, %dx%d, by precision' % bench.large:40} {'ms':>8} {'frames/s':>9}")
    for name, values in sorted(seconds.items(), key=lambda item: statistics.median(item[1])):
        print(f"  {name:40} {1000 * statistics.median(values):8.2f} {1 / statistics.median(values):9.1f}", flush=True)


def latency(bench):
    """From a frame to its picture; ours with one frame in flight."""
    rows = bench.report["latency"] = {}
    for name in ("element 1", "eager"):
        try:
            contestant = (bench.ours("element", bench.large, **{"max-in-flight": 1}) if name == "element 1"
                          else bench.peer(name, bench.large))
            try:
                contestant.ask("choose", "p2", TWELVE)
                contestant.ask("run", min(10, bench.options.frames))
                seconds = contestant.ask("latency", bench.options.frames)
                if seconds is None:
                    raise NotMeasurable("the program cannot measure it")
                rows[name] = seconds
            finally:
                contestant.close()
        except LeftOut as why:
            bench.left_out(f"latency of {NAMES[name]}", why)
    print(f"\n  {'p2, %dx%d, one frame at a time' % bench.large:40} {'ms':>8}")
    for name, seconds in rows.items():
        print(f"  {NAMES[name]:40} {1000 * seconds:8.2f}", flush=True)


def kernels(bench):
    """Where the GPU's time goes, and how near the convolutions come to a large matrix product."""
    rows = bench.report["kernels"] = {}
    rate = None
    for name, make in (("eager", lambda: bench.peer("eager", bench.large)),
                       ("element", lambda: bench.ours("element", bench.large, **{"max-in-flight": 1}))):
        try:
            contestant = make()
        except LeftOut as why:
            bench.left_out(f"GPU time of {NAMES[name]}", why)
            continue
        try:
            if name == "eager":
                rate = bench.report["matmul_multiply_adds_per_second"] = contestant.ask("matmul")
                check_torchvision(bench, contestant)
            for level in MAIN_LEVELS:
                contestant.ask("choose", level, TWELVE)
                contestant.ask("run", bench.options.frames)
                times = contestant.ask("profile")
                if times is None or times.get("network") is None:
                    raise NotMeasurable("the program cannot measure it")
                rows[f"{name} {level}"] = times
                if name == "element":
                    bench.report.setdefault("by_kernel", {})[level] = contestant.ask("kernels")
        except LeftOut as why:
            bench.left_out(f"GPU time of {NAMES[name]}", why)
        finally:
            contestant.close()
    bench.report["plan_multiply_adds"] = {level: plan_multiply_adds(bench, level) for level in MAIN_LEVELS}

    if rate:
        print(f"\n  a matrix product in {bench.half}: {rate / 1e12:.1f} T multiply-adds/s")
    print_stages(bench, rows)


def check_torchvision(bench, contestant):
    distances = contestant.ask("torchvision")
    if distances is None:
        bench.left_out("the check of (g) against torchvision itself", NotMeasurable("torchvision is not installed"))
    elif not max(distances.values()) <= 1e-5:
        raise Mismatch(f"(g) is not torchvision's network and input: {distances}")
    else:
        print("  (g) computes what torchvision does")
    bench.report["distance_from_torchvision"] = distances


def plan_multiply_adds(bench, level):
    width, height = steps.network_size(bench.large, "detection", bench.limits["min-size"], bench.limits["max-size"])
    command = [*bench.program("featuremosaic-describe"), "--level", level, "--channels", TWELVE, "--size", f"{width}x{height}"]
    try:
        text = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError) as error:
        bench.left_out(f"multiply-adds of {level}", error)
        return None
    return int(re.search(r"layers, (\d+) multiply-adds", text).group(1))


SECTIONS = {
    "kernels": (kernels, "GPU time by kind of kernel, and a large matrix product"),
    "latency": (latency, "one frame, one at a time"),
    "levels": (levels, "c2, p2, p5 and all levels of large frames"),
    "flight": (flight, "one, two and three frames in flight"),
    "precision": (precision, "float16, bfloat16 and float32"),
    "start": (start, "device memory, and time to the first picture"),
    "small": (small, "c2, p2, p5 and all levels of small frames"),
}


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda", help="cuda, cuda:N, or cpu for a test of this program")
    parser.add_argument("--bundle", nargs="?", type=Path, const=ROOT / "bundle", metavar="FOLDER",
                        help="run featuremosaic's programs through FOLDER/run (bundle/ if none is named)")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, less time for compiling and in all")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--frames", type=int, help="frames in a round")
    parser.add_argument("--in-flight", type=int, default=2, help="featuremosaic's max-in-flight")
    parser.add_argument("--only", help=f"of the sections {', '.join(SECTIONS)}: those named, with commas between")
    parser.add_argument("--seconds", type=float, help="no section begins later than this")
    parser.add_argument("--compile-seconds", type=float, help="for torch.compile, all in all")
    parser.add_argument("--without-cut", action="store_true", help="no (h'), which is compiled for each level")
    parser.add_argument("--cache", type=Path, help="folder in which torch.compile keeps what it made")
    parser.add_argument("--work", type=Path, default=ROOT / "build/bench", help="folder for weights, frames and logs")
    parser.add_argument("--out", type=Path, default=ROOT / "build/bench-cuda.json")
    options = parser.parse_args()
    options.sections = options.only.split(",") if options.only else list(SECTIONS)
    for section in options.sections:
        if section not in SECTIONS:
            parser.error(f"section '{section}' is none of {', '.join(SECTIONS)}")
    if options.bundle:
        options.bundle = options.bundle.resolve()

    on_gpu = options.device.startswith("cuda")
    defaults = {"rounds": 3, "frames": 30, "seconds": 120, "compile_seconds": 90} if options.quick else {
        "rounds": 5, "frames": 60, "seconds": 400, "compile_seconds": 240}
    if not on_gpu:
        defaults |= {"rounds": 1, "frames": 1}
    for name, value in defaults.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


def main():
    options = parse()
    options.work, options.out = options.work.resolve(), options.out.resolve()
    if options.cache:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(options.cache.resolve() / "inductor")
        os.environ["TRITON_CACHE_DIR"] = str(options.cache.resolve() / "triton")
    if not options.device.startswith("cuda"):
        os.environ["OMP_NUM_THREADS"] = "1"  # Threads that wait for one another are slow beside other work.
    elif not torch.cuda.is_available():
        sys.exit("cuda.py: there is no GPU that torch can use")
    for log in options.work.glob("*-*.*.log"):
        log.unlink()
    bench = Bench(options)
    print(f"{bench.report['machine']}; {options.rounds} rounds of {options.frames} frames", flush=True)
    try:
        for section in options.sections:
            run, title = SECTIONS[section]
            print(f"\n== {section}: {title}", flush=True)
            if not bench.has_time():
                bench.left_out(section, f"{options.seconds:.0f} s have passed")
                continue
            begin = time.monotonic()
            try:
                run(bench)
            except LeftOut as why:
                bench.left_out(section, why)
            print(f"  ({time.monotonic() - begin:.0f} s)", flush=True)
    except Mismatch as difference:
        sys.exit(f"cuda.py: {difference}")
    finally:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(bench.report, indent=1))
    rows = bars(bench)
    bench.report["bars"] = [{"what": what, "wanted": wanted, "measured": measured} for what, wanted, measured in rows]
    bench.report["seconds"] = time.monotonic() - bench.begin
    print_bars(rows, bench.large)
    options.out.write_text(json.dumps(bench.report, indent=1))
    print(f"\nWritten: {options.out}, in {bench.report['seconds']:.0f} s")
    if not bench.on_gpu:
        print("These are no measurements: on a CPU this only tests the program.")
        if bench.failures:
            sys.exit(f"cuda.py: left out here, where nothing should be: {', '.join(bench.failures)}")


if __name__ == "__main__":
    main()
