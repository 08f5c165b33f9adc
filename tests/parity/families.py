# SPDX-License-Identifier: LGPL-2.1-or-later
"""torchvision's state dicts under the names of other families."""

import re
from collections import OrderedDict


def renamed(state, rules):
    """With each rule, a pattern and what it becomes, on each name."""
    def name(key):
        for pattern, replacement in rules:
            key = re.sub(pattern, replacement, key)
        return key

    return OrderedDict((name(key), value) for key, value in state.items())


def numbered(front, more, behind="."):
    """Replaces a match by its number and `more` between two texts."""
    return lambda match: f"{front}{int(match[1]) + more}{behind}"


def detectron2_state(state):
    """Under the names of detectron2's build_resnet_fpn_backbone, whose norms are frozen: they count no batches."""
    finest = 3 if "fpn.extra_blocks.p6.weight" in state else 2
    return renamed({k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}, [
        (r"^body\.conv1\.", "body.stem.conv1."), (r"^body\.bn1\.", "body.stem.conv1.norm."),
        (r"\.bn(\d)\.", r".conv\1.norm."),
        (r"\.downsample\.0\.", ".shortcut."), (r"\.downsample\.1\.", ".shortcut.norm."),
        (r"^body\.layer(\d)\.", numbered("body.res", 1)),
        (r"^body\.", "bottom_up."),
        (r"^fpn\.inner_blocks\.(\d)\.0\.", numbered("fpn_lateral", finest)),
        (r"^fpn\.layer_blocks\.(\d)\.0\.", numbered("fpn_output", finest)),
        (r"^fpn\.extra_blocks\.", "top_block."),
        (r"^", "backbone."),
    ])


def mmdetection_state(state):
    """Under the names of mmdetection's ResNet and FPN."""
    laterals = sum(re.fullmatch(r"fpn\.inner_blocks\.\d\.0\.weight", key) is not None for key in state)
    return renamed(state, [
        (r"^body\.", "backbone."), (r"^fpn\.inner_blocks\.", "neck.lateral_convs."),
        (r"^fpn\.layer_blocks\.", "neck.fpn_convs."),
        (r"^fpn\.extra_blocks\.p(\d)\.", numbered("neck.fpn_convs.", laterals - 6, ".0.")),
        (r"^(neck\.\w+\.\d)\.0\.", r"\1.conv."), (r"^(neck\.\w+\.\d)\.1\.", r"\1.bn."),
    ])
