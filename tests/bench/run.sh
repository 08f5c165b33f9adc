#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sets up, then times featuremosaic against its peers. On a CPU: tables, build/bench.json, build/bench.png and .svg;
# with --device cuda on a GPU: tables and build/bench-cuda.json. With --loading what a checkpoint takes to load.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=pipelines/lib.sh
source pipelines/lib.sh
# shellcheck source=pipelines/files.sh
source pipelines/files.sh

usage() {
    echo "Usage: tests/bench/run.sh [--device cpu|cuda] [--quick] [--rounds N] [--frames N]"
    echo "       tests/bench/run.sh --loading [--rounds N]     how long a checkpoint takes to load"
    echo "With --device cuda also the other options of tests/bench/cuda.py (--help tells them)."
}

device=cpu
loading=no
arguments=()
split_arguments "$@"
set -- "${arguments[@]}"
arguments=()
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) usage; exit 0 ;;
    --device) has_value "$@"; device=$2; shift ;;
    --loading) loading=yes ;;
    *) arguments+=("$1") ;;
    esac
    shift
done
case $device in
cpu | cuda | cuda:[0-9]*) ;;
*) wrong_usage "--device is cpu, cuda or cuda:N, not '$device'" ;;
esac

# make_frames FORMAT SUFFIX SIZE...: the first frames of the video in each size (WxH), where they are not there yet.
make_frames() {
    local format=$1 suffix=$2 size
    make_work_folder build
    mkdir -p $folder
    fetch_bikes
    for size in "${@:3}"; do
        [ -e "$folder/frames.$size.$suffix" ] && continue
        gst-launch-1.0 -q filesrc location="$bikes" ! decodebin ! videoconvert ! videoscale add-borders=false ! \
            "video/x-raw,format=$format,width=${size%x*},height=${size#*x},pixel-aspect-ratio=1/1" ! \
            identity eos-after=6 ! filesink location="$work/frames"
        mv "$work/frames" "$folder/frames.$size.$suffix"
    done
}

tools/setup.sh
source tools/env.sh
if [ $loading = yes ]; then
    python3 tests/bench/loading.py "${arguments[@]}"
    exit
fi
folder=build/bench
if [ "$device" != cpu ]; then
    make_frames NV12 nv12 640x360 1920x1080
    python3 tests/bench/cuda.py --device "$device" "${arguments[@]}"
    exit
fi

stamp=.venv/featuremosaic-bench
if ! cmp -s requirements-bench.txt "$stamp"; then
    echo "Installing the peers (a download of 150 MB)"
    python3 -m pip install -q --disable-pip-version-check --no-deps -r requirements-bench.txt
    cp requirements-bench.txt "$stamp"
fi

make_frames RGB rgb 320x180 640x360 1280x720 1920x1080
rm -f $folder/*.log
python3 tests/bench/bench.py "${arguments[@]}"
