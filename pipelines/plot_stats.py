#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draws what pipelines/stats.py wrote: the values of each level, zeros and dead channels, and the element's speed.

After `source tools/env.sh`:

    pipelines/plot_stats.py run.jsonl --output run.png
"""

import argparse
import json
import sys
from pathlib import Path

try:
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np
except ImportError as error:
    sys.exit(f"plot_stats.py: {error}; tools/setup.sh without --runtime installs matplotlib")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", metavar="FILE", help="the picture (beside the run, ending in .png)")
    parser.add_argument("run", help="lines of JSON, as stats.py writes them")
    arguments = parser.parse_args()
    arguments.output = arguments.output or str(Path(arguments.run).with_suffix(".png"))
    return arguments


def read_run(path):
    try:
        with open(path) as file:
            messages = [json.loads(line) for line in file]
    except (OSError, ValueError) as error:
        sys.exit(f"plot_stats.py: '{path}' cannot be read: {error}")
    # Without timestamps there is no time axis.
    messages = [message for message in messages if message["running-time"] is not None]
    if not messages:
        sys.exit(f"plot_stats.py: '{path}' has no message with a running time")
    return messages


def seconds(messages):
    return np.array([message["running-time"] for message in messages]) / 1e9


def column(entries, field):
    """Null is not a number, which leaves a gap."""
    return np.array([entry[field] for entry in entries], dtype=float)


def draw_level(values, shares, name, messages):
    """The runs of one level may be interrupted, where another one was shown."""
    shown = [(message, level) for message in messages for level in message["levels"] if level["name"] == name]
    time, levels = seconds([message for message, _ in shown]), [level for _, level in shown]
    mean, std = column(levels, "mean"), column(levels, "std")
    values.plot(time, column(levels, "max"), color="0.6", linewidth=1, label="min, max")
    values.plot(time, column(levels, "min"), color="0.6", linewidth=1)
    values.fill_between(time, mean - std, mean + std, alpha=0.3, label="mean ± std")
    values.plot(time, mean)
    values.set_title(f"{name}: values", loc="left")
    values.legend(loc="upper right")

    shares.plot(time, 100 * column(levels, "zeros"), label="zeros")
    shares.plot(time, 100 * column(levels, "dead") / column(levels, "channels"), label="dead channels")
    shares.set_title(f"{name}: % of values and of channels", loc="left")
    shares.set_ylim(-2, 102)
    shares.legend(loc="upper right")


def draw_speed(times, frames, messages):
    time = seconds(messages)
    times.plot(time, column(messages, "time-mean") / 1e6, label="mean")
    times.plot(time, column(messages, "time-p95") / 1e6, label="95th percentile")
    times.set_title("processing time of a frame, ms", loc="left")
    times.set_ylim(bottom=0)
    times.legend(loc="upper right")
    for field in ("frames-in", "frames-out", "frames-dropped"):
        frames.plot(time, column(messages, field), label=field.removeprefix("frames-"))
    frames.set_title("frames so far", loc="left")
    frames.legend(loc="upper left")


def main():
    arguments = parse_arguments()
    messages = read_run(arguments.run)
    names = list(dict.fromkeys(level["name"] for message in messages for level in message["levels"]))
    figure, axes = plt.subplots(len(names) + 1, 2, figsize=(12, 3 * (len(names) + 1)), sharex=True, squeeze=False,
                                layout="constrained")
    for row, name in zip(axes, names):
        draw_level(*row, name, messages)
    draw_speed(*axes[-1], messages)
    for axis in axes[-1]:
        axis.set_xlabel("running time, s")
    try:
        figure.savefig(arguments.output, dpi=100)
    except (OSError, ValueError) as error:
        sys.exit(f"plot_stats.py: '{arguments.output}' cannot be written: {error}")
    print(f"Wrote: {arguments.output}")


main()
