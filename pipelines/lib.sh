# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034
# What the scripts beside this file share. Source it; `script` is the name of the script for its messages.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
script=$(basename "$0")

die() {
    echo "$script: $*" >&2
    exit 1
}

# ---- options -------------------------------------------------------------------------------------------------

wrong_usage() {
    echo "$script: $*" >&2
    usage >&2
    exit 2
}

feature_options_help='Network and mosaic (properties of the element; gst-inspect-1.0 featuremosaic lists their values):
  --backbone NAME       the one that the weights are for (default), resnet18, 34, 50, 101, 152, resnext50-32x4d,
                        wide-resnet50-2, mobilenet-v2, mobilenet-v3-large, each also with -fpn behind it; vgg16, vgg16-bn
  --weights FILE        checkpoint: torch.save, safetensors, pickled arrays; without it the weights are random
  --level NAME          c1 to c5, with an FPN also p2 to p5 and pool (that of a MobileNet begins with p4)
  --channels LIST       0-11, or 3,17,200-203, or top:12, var:12, change:12, random:12:SEED, or all
  --page N              which grid-full of them, 0 the first
  --columns N, --rows N grid of tiles
  --colormap NAME       viridis, magma, inferno, plasma, cividis, turbo, gray, coolwarm
  --normalize NAME      tile, level, fixed, running, robust, signed
  --preprocess NAME     none, imagenet, detection
  --device NAME         auto, cpu, cuda, cuda:N
  --mean, --std, --channel-order, --bottleneck-stride, --bn-epsilon, --precision, --min-size, --max-size,
  --interpolation, --gap, --gamma, --range-min, --range-max, --labels, --interval
                        as the properties of that name'

backbone=
weights=
levels=()
columns=4
rows=3
settings=() # the element's other properties, as name=value

# split_arguments ARGUMENT...: fills `arguments`, with --name=value taken apart.
split_arguments() {
    local argument
    arguments=()
    for argument in "$@"; do
        case $argument in
        --*=*) arguments+=("${argument%%=*}" "${argument#*=}") ;;
        *) arguments+=("$argument") ;;
        esac
    done
}

# has_value ARGUMENT...: ends the script where the option that stands first has no value behind it.
has_value() {
    [ $# -ge 2 ] || wrong_usage "$1 needs a value"
}

# feature_option ARGUMENT...: takes the option that stands first if it is one of the element's; else ends the script.
feature_option() {
    case $1 in
    --backbone | --weights | --level | --columns | --rows | --channels | --page | --colormap | --normalize | --preprocess | \
        --mean | --std | --channel-order | --bottleneck-stride | --bn-epsilon | --device | --precision | \
        --min-size | --max-size | --interpolation | --gap | --gamma | --range-min | --range-max | --labels | \
        --interval) has_value "$@" ;;
    -*) wrong_usage "unknown option $1" ;;
    *) wrong_usage "one argument too many: $1" ;;
    esac
    case $1 in
    --backbone) backbone=$2 ;;
    --weights) weights=$2 ;;
    --level) IFS=, read -r -a levels <<<"$2" ;;
    --columns) is_count "$@" && columns=$2 ;;
    --rows) is_count "$@" && rows=$2 ;;
    *) settings+=("${1#--}=$(quoted "$2")") ;;
    esac
}

# is_count ARGUMENT...: ends the script where the value of the option that stands first is no whole number above 0.
is_count() {
    has_value "$@"
    [[ $2 =~ ^[1-9][0-9]{0,8}$ ]] || wrong_usage "$1 needs a whole number above 0, not '$2'"
}

# is_set NAME: whether the user gave that property.
is_set() {
    [[ " ${settings[*]:-} " == *" $1="* ]]
}

need_file() {
    [ -n "$1" ] || die "an empty name is not a file"
    [ -e "$1" ] || die "'$1' does not exist"
    [ ! -d "$1" ] || die "'$1' is a folder, not a file"
    [ -r "$1" ] || die "'$1' cannot be read: permission denied"
}

# need_folder FOLDER: makes it where it is not there.
need_folder() {
    mkdir -p -- "$1" 2>/dev/null || die "the folder '$1' cannot be made"
    [ -w "$1" ] || die "nothing can be written in the folder '$1'"
}

# quoted TEXT: as a value in a launch line, whatever is in it.
quoted() {
    local text=${1//\\/\\\\}
    printf '"%s"' "${text//\"/\\\"}"
}

# features LEVEL: fills `features`, the element and its properties, as arguments of gst-launch-1.0.
# A LEVEL that is empty leaves the element's default.
features() {
    features=(featuremosaic "columns=$columns" "rows=$rows" "${settings[@]}")
    [ -z "$backbone" ] || features+=("backbone=$(quoted "$backbone")")
    [ -z "$weights" ] || features+=("weights=$(quoted "$weights")")
    [ -z "$1" ] || features+=("level=$(quoted "$1")")
}

# features_by_level: fills `features`, one element called maps with a pad src_N for each of the `levels`, from 0 on, all of one
# pass of the network. What is of a view each pad has for itself.
features_by_level() {
    local level setting views=("columns=$columns" "rows=$rows") number=0
    features=(featuremosaic name=maps)
    [ -z "$backbone" ] || features+=("backbone=$(quoted "$backbone")")
    [ -z "$weights" ] || features+=("weights=$(quoted "$weights")")
    for setting in "${settings[@]}"; do
        case ${setting%%=*} in
        channels | page | colormap | normalize | interpolation | gap | gamma | range-min | range-max | labels) views+=("$setting") ;;
        *) features+=("$setting") ;;
        esac
    done
    for level in "${levels[@]}"; do
        for setting in "level=$(quoted "$level")" "${views[@]}"; do
            features+=("src_$number::$setting")
        done
        number=$((number + 1))
    done
}

# describe_backbone: names `backbone`, where the user named none, and fills `levels` with those that show the most of it: an
# FPN's, or the body's, finest first.
describe_backbone() {
    local described names
    # It exits with 1 where the weights do not fit: the element will say so.
    described=$("$root/build/featuremosaic-describe" --backbone "${backbone:-auto}" ${weights:+--weights "$weights"}) ||
        [ $? -eq 1 ] || die "the backbone cannot be told"
    backbone=${described%%$'\n'*}
    names=$(awk '/^$/ { inTable = 0 } inTable { print $1 } /^level / { inTable = 1 }' <<<"$described")
    mapfile -t levels < <(grep '^p' <<<"$names" || echo "$names")
}

# random_weights: with them most of a map's range is the bright border that zero padding makes, so leave it out.
random_weights() {
    echo "No weights given: they are random. Give --weights FILE for features that mean something."
    is_set normalize || settings+=(normalize=robust)
}

# ---- GStreamer -----------------------------------------------------------------------------------------------

set_up_environment() {
    command -v gst-launch-1.0 >/dev/null ||
        die "gst-launch-1.0 is not installed (Debian: gstreamer1.0-tools); tools/setup.sh installs it"
    # shellcheck source=tools/env.sh
    source "$root/tools/env.sh"
    exists featuremosaic 2>/dev/null ||
        die "GStreamer does not find the element featuremosaic; run tools/setup.sh first"
}

# exists ELEMENT: in any version; the tool's default is that of GStreamer itself, which our plugin does not have.
exists() {
    gst-inspect-1.0 --exists --atleast-version=0.0 "$1"
}

# need ELEMENT PACKAGE
need() {
    exists "$1" || die "GStreamer has no element $1; install Debian's package $2"
}

# need_window SINK: ends the script where the SINK (with its properties) cannot show a window here.
need_window() {
    local element=${1%% *} window
    if [ "$element" != autovideosink ]; then
        exists "$element" || die "GStreamer has no element '$element'"
        return 0
    fi
    need autovideosink gstreamer1.0-plugins-good
    [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] ||
        die "no display to open a window on (DISPLAY and WAYLAND_DISPLAY are not set); record.sh writes a file instead"
    for window in ${DISPLAY:+ximagesink xvimagesink} ${WAYLAND_DISPLAY:+waylandsink} glimagesink; do
        ! exists "$window" || return 0
    done
    die "GStreamer has no element that opens a window; install Debian's package gstreamer1.0-x"
}

# choose_camera CAMERA SIZE: fills `source`, elements that end with video of that SIZE (WxH) at 30 frames/s, and
# `width`, `height`, `rate`. CAMERA is empty where the user named none.
choose_camera() {
    [[ $2 =~ ^([1-9][0-9]{0,4})x([1-9][0-9]{0,4})$ ]] || wrong_usage "--size needs WIDTHxHEIGHT, not '$2'"
    width=${BASH_REMATCH[1]} height=${BASH_REMATCH[2]} rate=30/1
    local camera=${1:-/dev/video0}
    if [ -c "$camera" ]; then
        need v4l2src gstreamer1.0-plugins-good
        source=(v4l2src "device=$(quoted "$camera")")
    elif [ -n "$1" ]; then
        die "'$camera' is not a camera"
    else
        echo "No camera ($camera is not there): a test source takes its place."
        source=(videotestsrc is-live=true pattern=ball)
    fi
    source+=(! decodebin ! videoconvert ! videoscale add-borders=true ! videorate !
        "video/x-raw,width=$width,height=$height,framerate=$rate")
}

# find_encoder FILE: fills `encoder` and `muxer`: H.264 in the container that FILE's name asks for.
find_encoder() {
    case $1 in
    *.mp4) muxer=mp4mux ;;
    *.mkv) muxer=matroskamux ;;
    *) wrong_usage "'$1' should end in .mp4 or .mkv" ;;
    esac
    if exists x264enc; then
        encoder=(x264enc speed-preset=veryfast pass=qual quantizer=24)
    else
        need openh264enc gstreamer1.0-plugins-bad
        encoder=(openh264enc bitrate=8000000 gop-size=50)
    fi
    need h264parse gstreamer1.0-plugins-bad
    need $muxer gstreamer1.0-plugins-good
}

# explain LOG: what went wrong, in the words of the element that failed, without the launcher's words around them.
explain() {
    local line
    line=$(sed -n 's/^ERROR: from element [^ ]*: //p; s/^WARNING: erroneous pipeline: //p' "$1" | head -n 1)
    # Some elements have a general sentence only, and put what happened behind the place in the code.
    case $line in
    "Internal data stream error." | "GStreamer encountered a general stream error." | "")
        line=$(sed -n '/^Additional debug info/,$p; /^WARNING: from/,/^Additional/p' "$1" |
            grep -vE '^(Additional|ERROR|WARNING|Failed to|\.\./|[A-Za-z]*\.c)' | head -n 1)
        ;;
    esac
    echo "${line:-$(grep -v '^/' "$1" | tail -n 1)}"
}

# probe FILE [DECODER]: fills `width`, `height`, `rate` ("25/1"; "0/1" for a photo or where it varies), `duration`
# (nanoseconds, 0 if it is not known) and `frame_count` (0 if it is not known).
probe() {
    need "${2:-decodebin}" gstreamer1.0-plugins-base
    local log=$work/probe.txt seconds
    timeout 60 gst-launch-1.0 -v --force-position filesrc "location=$(quoted "$1")" ! "${2:-decodebin}" ! \
        videoconvert ! identity silent=false eos-after=8 ! fakesink name=probe sync=true >"$log" 2>&1 ||
        die "'$1' cannot be decoded: $(explain "$log")"
    grep -q 'last-message = chain' "$log" || die "'$1' holds no picture that can be decoded"
    local caps
    caps=$(grep -m 1 'probe.GstPad:sink: caps' "$log")
    width=$(sed -E 's/.*[^-]width=\(int\)([0-9]+).*/\1/' <<<"$caps")
    height=$(sed -E 's/.*height=\(int\)([0-9]+).*/\1/' <<<"$caps")
    rate=$(sed -E 's/.*framerate=\(fraction\)([0-9]+\/[0-9]+).*/\1/' <<<"$caps")
    # The launcher's line of position: 0:00:00.2 / 0:00:10.0 (2.5 %)
    seconds=$(tr '\r' '\n' <"$log" |
        sed -nE 's/^[0-9:.]+ \/ ([0-9]+):([0-9]+):([0-9]+)\.([0-9]) .*/\1 \2 \3 \4/p' | tail -n 1)
    duration=0
    if [ -n "$seconds" ]; then
        local h m s tenth
        read -r h m s tenth <<<"$seconds"
        duration=$((((h * 60 + 10#$m) * 60 + 10#$s) * 1000000000 + tenth * 100000000))
    fi
    frame_count=$(frames_in "$duration")
}

# frames_in NANOSECONDS
frames_in() {
    echo $((($1 * ${rate%/*} / ${rate#*/} + 500000000) / 1000000000))
}

# steady_rate: fills `steady`, elements that give frames at a steady rate where the input has none of its own.
steady_rate() {
    steady=()
    [ "${rate%/*}" -eq 0 ] || return 0
    rate=25/1
    steady=(videorate ! "video/x-raw,framerate=$rate" !)
    frame_count=$(frames_in "$duration")
}

# first_frames N: fills `limit`, elements that let N frames pass and then end the stream, none for N = 0; and `shown`, how many
# of the `frame_count` then come, 0 if it is not known.
# identity alone would let through what the decoder still holds when the stream ends; avwait drops that. The caps
# keep avwait from being linked at its pads for sound.
first_frames() {
    limit=()
    shown=${frame_count:-0}
    [ "$1" -gt 0 ] || return 0
    [ "$shown" -gt 0 ] && [ "$shown" -lt "$1" ] || shown=$1
    need avwait gstreamer1.0-plugins-bad
    limit=(identity "eos-after=$(($1 + 1))" ! avwait mode=running-time target-running-time=0
        "end-running-time=$(((2 * $1 - 1) * 500000000 * ${rate#*/} / ${rate%/*}))" ! video/x-raw !)
}

# launch ARGUMENT...: gst-launch-1.0; where it fails, one sentence, and the script ends.
launch() {
    if ! gst-launch-1.0 -q "$@" >"$work/launch.txt" 2>&1; then
        die "$(explain "$work/launch.txt")"
    fi
    warn "$work/launch.txt"
}

# warn LOG: the warnings in it, each once, but the one on random weights, which the scripts speak of themselves.
warn() {
    local line
    while read -r line; do
        case $line in
        *random* | *[Dd]elayed\ linking*) ;;
        *) echo "$script: warning: $line" >&2 ;;
        esac
    done < <(sed -n 's/^WARNING: from element [^ ]*: //p' "$1" | sort -u)
}

# launch_with_progress TITLE FRAMES ARGUMENT...: the same, with the frames counted at the element `identity silent=false`;
# FRAMES = 0 where it is not known.
launch_with_progress() {
    local title=$1 frames=$2
    shift 2
    # An interrupt ends the recording (gst-launch -e), not the counting.
    if ! gst-launch-1.0 -v "$@" 2>"$work/launch.txt" |
        (trap '' INT; exec grep --line-buffered -o 'last-message = chain') |
        (trap '' INT; show_progress "$title" "$frames"); then
        # grep fails where no frame came: that alone is no failure of the pipeline.
        grep -qE '^(ERROR|WARNING: erroneous)' "$work/launch.txt" || die "$title: no frame came out"
        die "$(explain "$work/launch.txt")"
    fi
    warn "$work/launch.txt"
}

# show_progress TITLE FRAMES: one line read from standard input is one frame. A terminal sees one line that changes, anything
# else a line every five seconds.
show_progress() {
    local title=$1 frames=$2 seen=0 start=0 shown=0 now text
    while read -r _; do
        now=${EPOCHREALTIME//[.,]/}
        [ "$start" -gt 0 ] || start=$now shown=$now
        seen=$((seen + 1))
        if [ -t 1 ]; then
            [ $((now - shown)) -ge 200000 ] || continue
        else
            [ $((now - shown)) -ge 5000000 ] || continue
        fi
        shown=$now
        progress_text
        if [ -t 1 ]; then printf '\r%s\033[K' "$text"; else echo "$text"; fi
    done
    [ "$seen" -gt 0 ] || return 0
    now=${EPOCHREALTIME//[.,]/}
    frames=0
    progress_text
    if [ -t 1 ]; then printf '\r%s\033[K\n' "$text"; else echo "$text"; fi
}

# progress_text: fills `text` from the variables of show_progress. The clock starts at the first frame.
progress_text() {
    local elapsed=$((now - start)) hundredths=0
    text="$title: frame $seen"
    [ "$frames" -eq 0 ] || text+=" of $frames"
    if [ "$seen" -gt 1 ] && [ "$elapsed" -gt 0 ]; then
        hundredths=$(((seen - 1) * 100000000 / elapsed))
        text+=$(printf ', %d.%02d frames/s' $((hundredths / 100)) $((hundredths % 100)))
    fi
    if [ "$frames" -eq 0 ]; then
        text+=", $((elapsed / 1000000)) s"
    elif [ "$seen" -gt 1 ] && [ "$frames" -gt "$seen" ]; then
        text+=", $(((frames - seen) * (elapsed / 1000) / (seen - 1) / 1000)) s left"
    fi
}

# ---- files ---------------------------------------------------------------------------------------------------

# make_work_folder FOLDER: fills `work`, a hidden folder in FOLDER (so that a finished file can be moved in one step)
# that goes when the script ends, however it ends.
make_work_folder() {
    need_folder "$1"
    work=$(mktemp -d "$1/.featuremosaic.XXXXXX")
    trap 'rm -rf -- "$work"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

written=()

# publish FILE NAME: gives a finished file its final name.
publish() {
    [ -s "$1" ] || die "nothing was written for '$2'"
    [ ! -d "$2" ] || die "'$2' is a folder, not a file"
    mv -f -- "$1" "$2"
    written+=("$2")
}

list_written() {
    echo "Wrote:"
    printf '  %s\n' "${written[@]}"
}

# ---- recordings ----------------------------------------------------------------------------------------------

# record_levels VIDEO WIDTH FRAMES: a video that was probed as one for each of the `levels`, "$work/LEVEL.video", from one pass
# of the network. Of the first FRAMES frames; 0 is all. `find_encoder` has been called.
record_levels() {
    local level branches=() number=0
    first_frames "$3"
    features_by_level
    for level in "${levels[@]}"; do
        branches+=("maps.src_$number" ! queue max-size-buffers=4 ! "video/x-raw,width=$2" ! videoconvert !
            "video/x-raw,format=I420" ! "${encoder[@]}" ! h264parse ! "$muxer" ! filesink "location=$(quoted "$work/$level.video")")
        number=$((number + 1))
    done
    launch_with_progress "Drawing" "$shown" filesrc "location=$(quoted "$1")" ! decodebin ! \
        videoconvert ! "${steady[@]}" "${limit[@]}" identity silent=false ! "${features[@]}" "${branches[@]}"
}

# ---- pictures ------------------------------------------------------------------------------------------------

# mosaic_size WIDTH: fills `mosaic_height`, for a mosaic WIDTH wide of the input that was probed.
mosaic_size() {
    local gap=0 setting tile
    for setting in "${settings[@]}"; do
        [[ $setting != gap=* ]] || gap=${setting//[!0-9]/}
    done
    tile=$((($1 - (columns - 1) * gap) / columns))
    mosaic_height=$((rows * ((2 * tile * height + width) / (2 * width)) + (rows - 1) * gap))
    mosaic_height=$((mosaic_height + mosaic_height % 2))
    [ "$mosaic_height" -gt 0 ] || die "the input is too flat for a mosaic: ${width}x$height"
}

# contact_sheet PHOTO OUTPUT MOSAIC...: PNG pictures side by side in two columns, the input first.
contact_sheet() {
    need compositor gstreamer1.0-plugins-base
    local output=$2 cell_width=960 cell=0 picture column row mosaic_height places=() sources=()
    mosaic_size "$cell_width"
    local pictures=("$1" "${@:3}")
    for picture in "${pictures[@]}"; do
        column=$((cell % 2)) row=$((cell / 2))
        places+=("sink_$cell::xpos=$((column * (cell_width + 8)))" "sink_$cell::ypos=$((row * (mosaic_height + 8)))"
            "sink_$cell::width=$cell_width" "sink_$cell::height=$mosaic_height"
            "sink_$cell::sizing-policy=keep-aspect-ratio")
        sources+=(filesrc "location=$(quoted "$picture")" ! pngdec ! videoconvert !
            imagefreeze num-buffers=1 ! "video/x-raw,framerate=1/1" ! "sheet.sink_$cell")
        cell=$((cell + 1))
    done
    launch compositor name=sheet background=black "${places[@]}" ! videoconvert ! video/x-raw,format=RGB ! \
        pngenc snapshot=true ! filesink "location=$(quoted "$output")" "${sources[@]}"
}
