#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes the pictures of docs/gallery.md: each view of MobileNetV2 on a frame of the demo's clip. Clip and weights are
# fetched, never committed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools/setup.sh --runtime
# shellcheck source=SCRIPTDIR/../pipelines/lib.sh
source pipelines/lib.sh
# shellcheck source=SCRIPTDIR/../pipelines/files.sh
source pipelines/files.sh
set_up_environment
fetch_bikes
fetch_imagenet
make_work_folder build
probe "$bikes"
steady_rate
first_frames 200

# shot NAME PROPERTY=VALUE...: the 200th frame, with those before it for what remembers them.
shot() {
    local name=$1
    shift
    gst-launch-1.0 -q filesrc "location=$(quoted "$bikes")" ! decodebin ! videoconvert ! "${steady[@]}" "${limit[@]}" \
        videoscale ! video/x-raw,width=640,height=272 ! \
        featuremosaic "weights=$(quoted "$imagenet")" normalize=robust "$@" ! videoconvert ! video/x-raw,format=RGB ! \
        pngenc ! multifilesink "location=docs/gallery/$name.png"
}
# What half precision loses: the same weights, rounded to bfloat16.
python3 - "$imagenet" "$work/rounded.pth" <<'EOF'
import sys

import torch

weights = torch.load(sys.argv[1])
torch.save({name: values.bfloat16().to(values.dtype) if values.is_floating_point() else values
            for name, values in weights.items()}, sys.argv[2])
EOF
mkdir -p docs/gallery
shot mosaic level=c2 gap=2
shot overlay level=c4 view=overlay reduce=energy colormap=turbo
shot pyramid view=pyramid gap=2
shot pca level=c3 view=pca interpolation=linear
shot side-by-side level=c2 view=side-by-side gap=2 labels=false
shot difference level=c2 view=difference difference-layout=beside "compare-weights=$(quoted "$work/rounded.pth")" \
    columns=1 normalize=signed gap=2
shot change level=c2 view=change colormap=magma gap=2
shot timeline level=c3 view=timeline channels=var:8 gap=2
shot colorbar level=c2 channels=top:6 columns=3 rows=2 gap=2 colorbar=true header=true
echo "wrote docs/gallery/"
