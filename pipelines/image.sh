#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# One photo in; one picture of feature maps per level, and a sheet of all of them, out.
set -euo pipefail
# shellcheck source=pipelines/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
    cat <<EOT
Usage: pipelines/image.sh [options] PHOTO

Draws the feature maps of a photo (bmp, jpg, png, tif, webp): a PNG per level, and a sheet with the photo and every
level. --level takes one level, or several with commas between them.

  --output FOLDER       where the pictures go (output/)
  --width N             width of the pictures (1280)
  --help                this text

$feature_options_help

A checkpoint of the training script that feeds its network with plain 0..1 RGB wants --preprocess none.
EOT
}

photo=
output=$root/output
picture_width=1280
split_arguments "$@"
set -- "${arguments[@]}"
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) usage; exit 0 ;;
    --output) has_value "$@"; output=$2; shift 2 ;;
    --width) is_count "$@"; picture_width=$(($2 + $2 % 2)); shift 2 ;;
    -*) feature_option "$@"; shift 2 ;;
    *) [ -z "$photo" ] || wrong_usage "one photo, please, not '$photo' and '$1'"; photo=$1; shift ;;
    esac
done
[ -n "$photo" ] || wrong_usage "which photo?"
need_file "$photo"
[ -z "$weights" ] || need_file "$weights"

set_up_environment
# Whatever the name says: decodebin would take libav's decoders for bmp and tif, which want a file in one piece.
decoder=gdkpixbufdec
[ "$(head -c 12 -- "$photo" | tail -c 4 | tr -d '\0')" != WEBP ] || decoder=webpdec
need gdkpixbufdec gstreamer1.0-plugins-good
need webpdec gstreamer1.0-plugins-bad
make_work_folder "$output"
probe "$photo" $decoder
[ -n "$weights" ] || random_weights
chosen=("${levels[@]}")
describe_backbone
[ "${#chosen[@]}" -eq 0 ] || levels=("${chosen[@]}")

name=$(basename "$photo")
name=${name%.*}-$backbone

# The network sees the photo at its own size; each level is a run of its own, which bounds the memory.
launch filesrc "location=$(quoted "$photo")" ! $decoder ! videoconvert ! video/x-raw,format=RGB ! \
    pngenc snapshot=true ! filesink "location=$(quoted "$work/input.png")"
pictures=()
for level in "${levels[@]}"; do
    echo "Level $level ($((${#pictures[@]} + 1)) of ${#levels[@]}) of a ${width}x$height photo"
    features "$level"
    launch filesrc "location=$(quoted "$work/input.png")" ! pngdec ! videoconvert ! "${features[@]}" ! \
        "video/x-raw,format=RGB,width=$picture_width" ! pngenc snapshot=true ! \
        filesink "location=$(quoted "$work/$level.png")"
    pictures+=("$work/$level.png")
done
contact_sheet "$work/input.png" "$work/sheet.png" "${pictures[@]}"

for level in "${levels[@]}"; do
    publish "$work/$level.png" "$output/$name-$level.png"
done
publish "$work/sheet.png" "$output/$name-sheet.png"
list_written
