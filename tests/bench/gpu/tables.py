# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is printed: tables, and the goals."""

import statistics

TWELVE = "0-11"
NAMES = {
    "element": "featuremosaic",
    "element 1": "featuremosaic, one frame in flight",
    "element 2": "featuremosaic, two frames in flight",
    "element 3": "featuremosaic, three frames in flight",
    "eager": "(g) torchvision, drawn in torch",
    "eager 2": "(g2) the same, two frames in flight",
    "compile": "(h) torch.compile, max-autotune",
    "compile 2": "(h2) the same, two frames in flight",
    "cut": "(h') torch.compile of the level alone",
    "cut 2": "(h2') the same, two frames in flight",
}
STAGES = ("upload", "input", "network", "ranges", "picture", "download")


def title_of(levels):
    return "all levels" if "," in levels else levels


def ratio(result, slower, faster):
    """How many times as fast `faster` is: the median over the rounds."""
    return statistics.median(a / b for a, b in zip(result["seconds"][slower], result["seconds"][faster]))


def print_race(result):
    print(f"\nresnet50-fpn, {result['size'][0]}x{result['size'][1]}, 12 channels of {title_of(result['levels'])}")
    print(f"  {'':40} {'ms':>8}   {'least..most':>15}  {'frames/s':>9}   ours is faster by")
    for name, seconds in sorted(result["seconds"].items(), key=lambda item: statistics.median(item[1])):
        ms = [1000 * s for s in seconds]
        middle = statistics.median(ms)
        times = "" if name == "element" or "element" not in result["seconds"] else f"{ratio(result, name, 'element'):.2f}"
        print(f"  {NAMES[name]:40} {middle:8.2f}   {min(ms):6.2f} ..{max(ms):6.2f}  {1000 / middle:9.1f}   {times}",
              flush=True)


def print_stages(bench, rows):
    if rows:
        print(f"\n  {'GPU ms per frame':20}" + "".join(f"{stage:>10}" for stage in STAGES) + "   around it  of the product")
    for row, times in rows.items():
        cells = [f"{times[stage]:.3f}" if times.get(stage) is not None else "-" for stage in STAGES]
        share = convolution_share(bench, row)
        print(f"  {row:20}" + "".join(f"{cell:>10}" for cell in cells) + f"   {around_network(times):9.1%}"
              f"  {'-' if share is None else f'{share:.1%}':>14}", flush=True)


def around_network(times):
    """The part of the kernels' time that is not the network's."""
    around = sum(times.get(stage) or 0 for stage in ("input", "ranges", "picture"))
    return around / (around + times["network"])


def convolution_share(bench, row):
    """The network's multiply-adds per second as a part of the matrix product's; None for peers, who have no plan."""
    name, level = row.split()
    multiply_adds = bench.report.get("plan_multiply_adds", {}).get(level)
    rate = bench.report.get("matmul_multiply_adds_per_second")
    if name != "element" or not multiply_adds or not rate:
        return None
    return multiply_adds / (bench.report["kernels"][row]["network"] / 1000) / rate


def bars(bench):
    """(what, wanted, measured or None) of what was set as a goal for p2 and its neighbours in large frames."""
    races = {result["levels"]: result for result in bench.report["races"] if tuple(result["size"]) == bench.large}

    def against(level, kind):
        """Against the faster of one and two frames in flight."""
        seconds = races.get(level, {}).get("seconds", {})
        rivals = [name for name in (kind, f"{kind} 2") if name in seconds]
        if not rivals or "element" not in seconds:
            return None
        return ratio(races[level], min(rivals, key=lambda name: statistics.median(seconds[name])), "element")

    element = races.get("p2", {}).get("seconds", {}).get("element")
    profile = bench.report.get("kernels", {}).get("element p2")
    share = convolution_share(bench, "element p2") if profile else None
    seconds = bench.report.get("latency", {}).get("element 1")
    return [
        ("p2, frames/s", 400, 1 / statistics.median(element) if element else None),
        ("p2 against (g)", 3, against("p2", "eager")),
        ("p2 against (h)", 1.2, against("p2", "compile")),
        ("c2 against (h)", 4, against("c2", "compile")),
        ("p5 against (h)", 1.4, against("p5", "compile")),
        ("p2 against (h')", None, against("p2", "cut")),
        ("c2 against (h')", None, against("c2", "cut")),
        ("p5 against (h')", None, against("p5", "cut")),
        ("% of GPU time around the network (at most)", 8, 100 * around_network(profile) if profile else None),
        ("convolutions, % of the matrix product", 40, 100 * share if share is not None else None),
        ("latency of one frame, ms (at most)", 4, 1000 * seconds if seconds else None),
    ]


def print_bars(rows, size):
    print(f"\n  {'resnet50-fpn, %dx%d, 12 channels' % size:44} {'wanted':>7} {'measured':>9}")
    for what, wanted, measured in rows:
        if measured is None:
            print(f"  {what:44} {wanted or '':7} {'-':>9}   left out")
            continue
        met = wanted is None or (measured <= wanted if "at most" in what else measured >= wanted)
        print(f"  {what:44} {wanted or '':7} {measured:9.2f}{'' if met else '   not met'}")
    print("  (g), (h) and (h'): the faster of one and two frames in flight.")
