#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The input and its feature maps side by side, recorded to a file.
set -euo pipefail
# shellcheck source=pipelines/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
    cat <<EOT
Usage: pipelines/record.sh [options] [VIDEO]

Records a video file, or without one the camera (without that a test source), side by side with its feature maps,
as H.264 without sound. Ctrl-C ends the recording; what was recorded until then is kept.

  --output FILE         .mp4 or .mkv (output/record.mp4)
  --frames N            stop after N frames of the input
  --seconds N           stop after N seconds of the input
  --height N            height of the recording (480)
  --camera DEVICE       the camera (/dev/video0)
  --size WxH            size of the camera's video (640x480)
  --help                this text

$feature_options_help
EOT
}

video=
camera=
size=640x480
frames=0
seconds=0
picture_height=480
output=$root/output/record.mp4
split_arguments "$@"
set -- "${arguments[@]}"
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) usage; exit 0 ;;
    --output) has_value "$@"; output=$2; shift 2 ;;
    --frames) is_count "$@"; frames=$2; shift 2 ;;
    --seconds) is_count "$@"; seconds=$2; shift 2 ;;
    --height) is_count "$@"; picture_height=$(($2 + $2 % 2)); shift 2 ;;
    --camera) has_value "$@"; camera=$2; shift 2 ;;
    --size) has_value "$@"; size=$2; shift 2 ;;
    -*) feature_option "$@"; shift 2 ;;
    *) [ -z "$video" ] || wrong_usage "one video, please, not '$video' and '$1'"; video=$1; shift ;;
    esac
done
[ "${#levels[@]}" -le 1 ] || wrong_usage "one level, please"
[ -z "$video" ] || [ -z "$camera" ] || wrong_usage "a video or a camera, not both"
[ -z "$video" ] || need_file "$video"
[ -z "$weights" ] || need_file "$weights"

set_up_environment
find_encoder "$output"
need compositor gstreamer1.0-plugins-base
make_work_folder "$(dirname -- "$output")"

queue=(queue max-size-buffers=4)
steady=()
if [ -n "$video" ]; then
    probe "$video"
    steady_rate
    source=(filesrc "location=$(quoted "$video")" ! decodebin ! videoconvert)
    latency=0
else
    choose_camera "$camera" "$size"
    frame_count=0
    # Frames that the network has no time for go before the tee, so that both halves show the same one; the
    # compositor waits for the slower half, and repeats the last picture until there is another.
    queue=(queue leaky=downstream max-size-buffers=1)
    latency=3000000000
fi
[ "$seconds" -eq 0 ] || frames=$(frames_in $((seconds * 1000000000)))
first_frames "$frames"
[ -n "$weights" ] || random_weights
features "${levels[0]:-}"

# Equal heights: the grid's tiles keep the input's shape.
tile_height=$((picture_height / rows))
mosaic_width=$((columns * (tile_height * width / height)))
mosaic_width=$((mosaic_width + mosaic_width % 2))
input_width=$((picture_height * width / height / 2 * 2))
[ $((mosaic_width * input_width)) -gt 0 ] || die "the input is too narrow: ${width}x$height"

trap : INT
launch_with_progress "Recording" "$shown" -e "${source[@]}" ! "${steady[@]}" "${limit[@]}" "${queue[@]}" ! \
    tee name=input \
    compositor name=both background=black "latency=$latency" \
    sink_0::width="$input_width" sink_0::height="$picture_height" \
    sink_1::xpos="$input_width" sink_1::width="$mosaic_width" sink_1::height="$picture_height" ! \
    "video/x-raw,framerate=$rate" ! identity silent=false ! videoconvert ! video/x-raw,format=I420 ! \
    "${encoder[@]}" ! h264parse ! "$muxer" ! filesink "location=$(quoted "$work/record")" \
    input. ! queue max-size-buffers=0 max-size-bytes=0 max-size-time=5000000000 ! both.sink_0 \
    input. ! queue max-size-buffers=2 ! "${features[@]}" ! \
    "video/x-raw,width=$mosaic_width,height=$picture_height" ! both.sink_1
publish "$work/record" "$output"
list_written
