#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The feature maps of a video file, in a window.
set -euo pipefail
# shellcheck source=pipelines/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
    cat <<EOT
Usage: pipelines/file.sh [options] VIDEO

Plays a video file, in any format that GStreamer decodes, as feature maps in a window. Where the network is slower
than the video, frames are dropped; with --sink "autovideosink sync=false" none is, and the video plays slower.

  --frames N            stop after N frames
  --sink ELEMENT        another sink, with its properties: --sink fakesink
  --width N             width of the picture (1280)
  --help                this text

$feature_options_help
EOT
}

video=
frames=0
sink=autovideosink
picture_width=1280
split_arguments "$@"
set -- "${arguments[@]}"
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) usage; exit 0 ;;
    --frames) is_count "$@"; frames=$2; shift 2 ;;
    --sink) has_value "$@"; sink=$2; shift 2 ;;
    --width) is_count "$@"; picture_width=$(($2 + $2 % 2)); shift 2 ;;
    -*) feature_option "$@"; shift 2 ;;
    *) [ -z "$video" ] || wrong_usage "one video, please, not '$video' and '$1'"; video=$1; shift ;;
    esac
done
[ -n "$video" ] || wrong_usage "which video?"
[ "${#levels[@]}" -le 1 ] || wrong_usage "one level, please"
need_file "$video"
[ -z "$weights" ] || need_file "$weights"

set_up_environment
need_window "$sink"
make_work_folder "${TMPDIR:-/tmp}"
probe "$video"
steady_rate
first_frames "$frames"
[ -n "$weights" ] || random_weights
features "${levels[0]:-}"
read -r -a sink <<<"$sink"

launch filesrc "location=$(quoted "$video")" ! decodebin ! videoconvert ! "${steady[@]}" "${limit[@]}" queue ! \
    "${features[@]}" ! "video/x-raw,width=$picture_width" ! videoconvert ! "${sink[@]}"
