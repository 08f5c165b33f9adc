#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The mosaic in a window, and an overlay recorded to a file, from one pass of the network.
set -euo pipefail
# shellcheck source=pipelines/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
    cat <<EOT
Usage: pipelines/monitor.sh [options] [VIDEO]

Shows a camera's video (without one a test source's), or that of a file, as feature maps in a window, and records it with a
heat map of all channels over it, as H.264 without sound. Both are of the same frames. Ctrl-C ends the recording; what was
recorded until then is kept.

  --output FILE         the recording, .mp4 or .mkv (output/monitor.mp4)
  --frames N            stop after N frames of the input
  --camera DEVICE       the camera (/dev/video0)
  --size WxH            size of the camera's video (640x480)
  --sink ELEMENT        another sink, with its properties: --sink fakesink
  --width N             width of the picture in the window (1280)
  --help                this text

$feature_options_help
The options of views are of the mosaic; of --level the overlay is too.
EOT
}

video=
camera=
size=640x480
frames=0
sink=autovideosink
picture_width=1280
output=$root/output/monitor.mp4
split_arguments "$@"
set -- "${arguments[@]}"
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) usage; exit 0 ;;
    --output) has_value "$@"; output=$2; shift 2 ;;
    --frames) is_count "$@"; frames=$2; shift 2 ;;
    --camera) has_value "$@"; camera=$2; shift 2 ;;
    --size) has_value "$@"; size=$2; shift 2 ;;
    --sink) has_value "$@"; sink=$2; shift 2 ;;
    --width) is_count "$@"; picture_width=$(($2 + $2 % 2)); shift 2 ;;
    -*) feature_option "$@"; shift 2 ;;
    *) [ -z "$video" ] || wrong_usage "one video, please, not '$video' and '$1'"; video=$1; shift ;;
    esac
done
[ "${#levels[@]}" -le 1 ] || wrong_usage "one level, please"
[ -z "$video" ] || [ -z "$camera" ] || wrong_usage "a video or a camera, not both"
[ -z "$video" ] || need_file "$video"
[ -z "$weights" ] || need_file "$weights"

set_up_environment
need_window "$sink"
find_encoder "$output"
make_work_folder "$(dirname -- "$output")"

if [ -n "$video" ]; then
    probe "$video"
    steady_rate
    source=(filesrc "location=$(quoted "$video")" ! decodebin ! videoconvert ! "${steady[@]}")
    queue=(queue)
else
    choose_camera "$camera" "$size"
    source+=(!)
    # It holds the newest frame only, so that the window is never further behind than the network takes.
    queue=(queue leaky=downstream max-size-buffers=1)
fi
first_frames "$frames"
[ -n "$weights" ] || random_weights
features "${levels[0]:-}"
read -r -a sink <<<"$sink"

trap : INT
launch_with_progress "Recording" "$shown" -e "${source[@]}" "${limit[@]}" "${queue[@]}" ! \
    "${features[@]}" name=maps src_0::view=overlay ${levels[0]:+"src_0::level=$(quoted "${levels[0]}")"} \
    maps.src ! queue ! "video/x-raw,width=$picture_width" ! videoconvert ! "${sink[@]}" \
    maps.src_0 ! queue ! identity silent=false ! videoconvert ! video/x-raw,format=I420 ! \
    "${encoder[@]}" ! h264parse ! "$muxer" ! filesink "location=$(quoted "$work/monitor")"
publish "$work/monitor" "$output"
list_written
