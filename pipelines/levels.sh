#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each level of a backbone to a video of its own, all from one pass of the network.
set -euo pipefail
# shellcheck source=pipelines/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
    cat <<EOT
Usage: pipelines/levels.sh [options] VIDEO

Draws the feature maps of a video file, as H.264 without sound: a file for each level, p2 to pool of an FPN, or c1 to c5 of
what has none. --level takes one level, or several with commas between them. The network runs once for all of them.

  --output FOLDER       where the files go (output/); they are VIDEO-BACKBONE-LEVEL.mp4
  --frames N            stop after N frames
  --width N             width of the pictures (1280)
  --help                this text

$feature_options_help
EOT
}

input=
output=$root/output
frames=0
picture_width=1280
split_arguments "$@"
set -- "${arguments[@]}"
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) usage; exit 0 ;;
    --output) has_value "$@"; output=$2; shift 2 ;;
    --frames) is_count "$@"; frames=$2; shift 2 ;;
    --width) is_count "$@"; picture_width=$(($2 + $2 % 2)); shift 2 ;;
    -*) feature_option "$@"; shift 2 ;;
    *) [ -z "$input" ] || wrong_usage "one video, please, not '$input' and '$1'"; input=$1; shift ;;
    esac
done
[ -n "$input" ] || wrong_usage "which video?"
need_file "$input"
[ -z "$weights" ] || need_file "$weights"

set_up_environment
find_encoder .mp4
make_work_folder "$output"
probe "$input"
steady_rate
[ -n "$weights" ] || random_weights
chosen=("${levels[@]}")
describe_backbone
[ "${#chosen[@]}" -eq 0 ] || levels=("${chosen[@]}")

record_levels "$input" "$picture_width" "$frames"
name=$(basename -- "$input")
for level in "${levels[@]}"; do
    publish "$work/$level.video" "$output/${name%.*}-$backbone-$level.mp4"
done
list_written
