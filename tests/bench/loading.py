#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Times how a backbone is loaded from a whole training checkpoint of 500 MB; run it through run.sh --loading.

featuremosaic reads the file, folds the batch norms and lays the weights out; PyTorch maps the file
(torch.load(mmap=True)) and copies the backbone's tensors into a module that is there already (load_state_dict). They
take turns, each in a process of its own, with the file in the page cache.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build/bench"
CHECKPOINT = WORK / "training.pth"
WANTED = 1.2  # Times PyTorch's time, at most.


def write_checkpoint():
    """What torchvision's detection scripts store: the detector and its optimizer's state, here Adam's."""
    import torch
    from torchvision.models.detection import fasterrcnn_resnet50_fpn
    torch.manual_seed(0)
    model = fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None)
    optimizer = torch.optim.Adam(model.parameters())
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}, CHECKPOINT)


def load_in_pytorch():
    """The peer: a time in milliseconds for each line of standard input."""
    import torch
    from torchvision.models.detection import fasterrcnn_resnet50_fpn
    backbone = fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None).backbone
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        state = torch.load(CHECKPOINT, mmap=True)["model"]
        backbone.load_state_dict({name.removeprefix("backbone."): tensor for name, tensor in state.items()
                                  if name.startswith("backbone.")})
        print((time.perf_counter() - start) * 1000, flush=True)
        del state


def start(command):
    return subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ask(process):
    print(file=process.stdin, flush=True)
    return [float(word) for word in process.stdout.readline().split()]


def measure(rounds):
    """Milliseconds of each, round by round, and what loading took of memory, in MiB."""
    WORK.mkdir(parents=True, exist_ok=True)
    if not CHECKPOINT.exists():
        write_checkpoint()
    ours = start([ROOT / "build/tests/bench/bench_loading", CHECKPOINT])
    theirs = start([sys.executable, __file__, "--peer"])
    theirs.stdout.readline()
    first = ask(ours)
    ask(theirs)
    times = {"featuremosaic": [], "torch.load(mmap=True), load_state_dict": []}
    for turn in range(rounds):
        for process in (ours, theirs) if turn % 2 else (theirs, ours):
            times["featuremosaic" if process is ours else "torch.load(mmap=True), load_state_dict"].append(ask(process)[0])
    for process in (ours, theirs):
        process.stdin.close()
        process.wait()
    return {"file_mib": CHECKPOINT.stat().st_size / 2**20, "milliseconds": times,
            "backbone_mib": first[1], "process_mib": first[2] - first[3]}


def report(result):
    ours, theirs = result["milliseconds"].values()
    ratio = statistics.median(a / b for a, b in zip(ours, theirs))
    print(f"\nresnet50-fpn from a training checkpoint of {result['file_mib']:.0f} MiB")
    for name, values in result["milliseconds"].items():
        print(f"  {name:42} {statistics.median(values):8.1f} ms   {min(values):8.1f} .. {max(values):8.1f}")
    print(f"  ours by theirs: {ratio:.2f} (wanted: at most {WANTED})")
    print(f"  its weights: {result['backbone_mib']:.0f} MiB; the process grew by {result['process_mib']:.0f} MiB")
    return ratio


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        load_in_pytorch()
        return 0
    result = measure(options.rounds)
    ratio = report(result)
    (ROOT / "build/bench-loading.json").write_text(json.dumps(result, indent=1))
    return 1 if ratio > WANTED else 0


if __name__ == "__main__":
    sys.exit(main())
