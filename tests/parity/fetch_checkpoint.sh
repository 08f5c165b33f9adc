#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# fetch_checkpoint.sh FOLDER: writes real.pth, MobileNetV2 as torchvision published it, and what PyTorch finds in it.
# Exits with 77 where it cannot be downloaded.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=SCRIPTDIR/../../pipelines/lib.sh
source "$here/../../pipelines/lib.sh"
# shellcheck source=pipelines/files.sh
source "$root/pipelines/files.sh"

work=$1
(fetch_imagenet) || exit 77
cp "$imagenet" "$1/real.pth"
PYTHONPATH=$here "$root/.venv/bin/python3" - "$1/real.pth" <<'EOPY'
import sys, torch
from expected import describe
describe(sys.argv[1], torch.load(sys.argv[1]))
EOPY
