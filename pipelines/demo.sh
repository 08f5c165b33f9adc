#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs and builds what is missing, then draws the feature maps of a video: a file per level, and a sheet.
set -euo pipefail
# shellcheck source=pipelines/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=pipelines/files.sh
source "$(dirname "${BASH_SOURCE[0]}")/files.sh"

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
    fetch_imagenet
    backbone=mobilenet-v2
    weights=$imagenet
}

# draw NAME N: a video per level, of N frames (0: all), and the sheet, as NAME-*; or --output alone.
draw() {
    local name=$1 level
    echo "$backbone ($(basename -- "${weights:-random weights}")): ${levels[*]:-}"
    record_levels "$input" "$picture_width" "$2"
    if [ -n "$output" ]; then
        publish "$work/${levels[0]}.video" "$output"
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

    for level in "${levels[@]}"; do
        publish "$work/$level.video" "$root/output/$name-$level.mp4"
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
    fetch_bikes
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
    : # They tell the backbone.
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
chosen=("${levels[@]}")
describe_backbone
if [ "${#chosen[@]}" -gt 0 ]; then
    levels=("${chosen[@]}") both=false
elif [ -n "$output" ]; then
    case ${levels[0]} in
    p*) levels=("${levels[0]}") ;;
    *) levels=("${levels[-1]}") ;;
    esac
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
