#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The feature maps of what a camera sees, in a window.
set -euo pipefail
# shellcheck source=pipelines/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
    cat <<EOT
Usage: pipelines/camera.sh [options]

Shows a camera's video as feature maps in a window. Where there is no camera, a test source takes its place.

  --camera DEVICE       the camera (/dev/video0)
  --size WxH            size of the video that the network sees (640x480)
  --frames N            stop after N frames of the camera, at 30 a second
  --sink ELEMENT        another sink, with its properties: --sink fakesink
  --width N             width of the picture (1280)
  --help                this text

$feature_options_help
EOT
}

camera=
size=640x480
frames=0
sink=autovideosink
picture_width=1280
split_arguments "$@"
set -- "${arguments[@]}"
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) usage; exit 0 ;;
    --camera) has_value "$@"; camera=$2; shift 2 ;;
    --size) has_value "$@"; size=$2; shift 2 ;;
    --frames) is_count "$@"; frames=$2; shift 2 ;;
    --sink) has_value "$@"; sink=$2; shift 2 ;;
    --width) is_count "$@"; picture_width=$(($2 + $2 % 2)); shift 2 ;;
    *) feature_option "$@"; shift 2 ;;
    esac
done
[ "${#levels[@]}" -le 1 ] || wrong_usage "one level, please"
[ -z "$weights" ] || need_file "$weights"

set_up_environment
need_window "$sink"
make_work_folder "${TMPDIR:-/tmp}"
choose_camera "$camera" "$size"
first_frames "$frames"
[ -n "$weights" ] || random_weights
features "${levels[0]:-}"
read -r -a sink <<<"$sink"

# The queue holds the newest frame only, so that the picture is never further behind than the network takes.
launch "${source[@]}" ! "${limit[@]}" queue leaky=downstream max-size-buffers=1 ! \
    "${features[@]}" ! "video/x-raw,width=$picture_width" ! videoconvert ! "${sink[@]}"
