#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sets up, then times featuremosaic against its peers: a table, build/bench.json, build/bench.png and .svg.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=pipelines/lib.sh
source pipelines/lib.sh
# shellcheck source=pipelines/files.sh
source pipelines/files.sh

case "${1:-}" in
-h | --help)
    echo "Usage: tests/bench/run.sh [--quick] [--device cpu|cuda] [--rounds N] [--frames N]"
    exit 0
    ;;
esac

tools/setup.sh
source tools/env.sh
stamp=.venv/featuremosaic-bench
if ! cmp -s requirements-bench.txt "$stamp"; then
    echo "Installing the peers (a download of 150 MB)"
    python3 -m pip install -q --disable-pip-version-check --no-deps -r requirements-bench.txt
    cp requirements-bench.txt "$stamp"
fi

make_work_folder build
folder=build/bench
mkdir -p $folder
rm -f $folder/*.log
fetch_bikes
for size in 320x180 640x360 1280x720 1920x1080; do
    [ -e $folder/frames.$size.rgb ] && continue
    gst-launch-1.0 -q filesrc location="$bikes" ! decodebin ! videoconvert ! videoscale add-borders=false ! \
        "video/x-raw,format=RGB,width=${size%x*},height=${size#*x},pixel-aspect-ratio=1/1" ! \
        identity eos-after=6 ! filesink location="$work/frames.rgb"
    mv "$work/frames.rgb" $folder/frames.$size.rgb
done
python3 tests/bench/bench.py "$@"
