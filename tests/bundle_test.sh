#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes a bundle, moves it, and uses it where no other GStreamer, Pango, GLib or font can be found: in a root that
# holds nothing but bash, coreutils, sed, Python and the C and C++ libraries. Where the kernel permits no such root, on
# the system as it is, and by what the dynamic linker says that it loaded.
set -euo pipefail

[ $# -eq 2 ] || { echo "Usage: tests/bundle_test.sh BUILD_FOLDER TORCH_FOLDER" >&2; exit 2; }
build=$1
torch=$2
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
command -v patchelf >/dev/null || { echo "skipped: no patchelf"; exit 77; }

work=$(mktemp -d "${TMPDIR:-/tmp}/bundle test.XXXXXX")
trap 'chmod -R u+w "$work"; rm -rf -- "$work"' EXIT

failures=0
# expect TEXT COMMAND...: that COMMAND succeeds. (Where it is a function: that bash's errexit is off in it.)
expect() {
    local text=$1
    shift
    if "$@" >"$work/output.txt" 2>&1; then
        echo "ok: $text"
    else
        echo "failed: $text"
        sed 's/^/    /' "$work/output.txt"
        failures=$((failures + 1))
    fi
}

# ---- the bundle ----------------------------------------------------------------------------------------------

"$source/tools/bundle.sh" --build "$build" --output "$work/first place/bundle"

root="$work/root"
mkdir -p "$root"/{dev,proc,tmp,opt,usr/bin,usr/lib64}
place="/opt/another place"
mv "$work/first place" "$root$place"
bundle="$place/bundle"

is_small() { [ "$(du -sb "$root$bundle" | cut -f 1)" -le $((60 * 1024 * 1024)) ]; }
expect "it has at most 60 MiB" is_small

elf_files() {
    find "$root$bundle" -type f | while read -r file; do
        if readelf -h "$file" >/dev/null 2>&1; then echo "$file"; fi
    done
}
paths_are_relative() {
    # shellcheck disable=SC2016 # $ORIGIN is the dynamic linker's
    ! elf_files | xargs -d '\n' readelf -d | grep -E '\((RPATH|RUNPATH)\)' | grep -vE '\[\$ORIGIN(/\.\./lib)?\]'
}
expect "no library is looked for in a folder of this machine" paths_are_relative
names_no_folder() {
    ! find "$root$bundle" -type f \( -name '*featuremosaic*' -o -name '*_test' -o -name 'bench_*' \) \
        -exec grep -lF -e "$source/" -e "$(readlink -f "$torch")/" {} +
}
expect "no file names a folder of this machine" names_no_folder

# What glibc, GCC's runtime, LibTorch and CUDA bring.
elsewhere='^(ld-linux-x86-64|libc|libm|libdl|librt|libpthread|libutil|libresolv|libstdc\+\+|libgcc_s|libgomp)\.so'
elsewhere+='|^lib(torch|c10|cu|nv)'
needs_are_met() {
    local unmet
    unmet=$(elf_files | xargs -d '\n' readelf -d | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u |
        grep -vE "$elsewhere" | while read -r name; do [ -e "$root$bundle/lib/$name" ] || echo "$name"; done)
    echo "$unmet"
    [ -z "$unmet" ]
}
expect "every library that is linked to is there" needs_are_met
expect "the licences of what is passed on are there" \
    test -s "$root$bundle/share/licences/featuremosaic" -a -s "$root$bundle/share/licences/libgstreamer1.0-0"

# ---- a root without GStreamer --------------------------------------------------------------------------------

python=$(readlink -f /usr/bin/python3)
stdlib=$("$python" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
packages=$(dirname "$(readlink -f "$torch")")

# install PROGRAM...: with what it links to.
install() {
    local file
    for file in "$@" $(ldd "$@" 2>/dev/null | grep -oE '/[^ :]+ \(' | tr -d '('); do
        mkdir -p "$root$(dirname "$file")"
        [ -e "$root$file" ] || cp -L "$file" "$root$file"
    done
}

make_root() {
    local folder name programs=()
    for folder in bin lib lib64; do ln -s "usr/$folder" "$root/$folder"; done
    for name in bash cat cksum dirname env id mkdir mv readlink sed true; do programs+=("/usr/bin/$name"); done
    # With all of libc6's libraries: the old ones, of which nothing is left, are still linked to.
    install "${programs[@]}" "$python" /usr/lib/x86_64-linux-gnu/lib{stdc++,dl,pthread,rt,util}.so.*
    ln -s bash "$root/usr/bin/sh"
    ln -s "${python##*/}" "$root/usr/bin/python3"
    mkdir -p "$root$stdlib" "$root/opt/site packages"
}
make_root

# For `check`: a test program that ends without a report. For `run`: a link to it, and PyTorch of another kind.
printf '#!/bin/bash\nexit 3\n' >"$root/usr/bin/broken_test"
chmod +x "$root/usr/bin/broken_test"
ln -s "$bundle/run" "$root/opt/linked"
# pytorch NAME VERSION CUDA
pytorch() {
    mkdir -p "$root/opt/$1/torch/lib"
    touch "$root/opt/$1/torch/lib/libtorch_cpu.so"
    printf "__version__ = '%s'\ncuda: Optional[str] = %s\n" "$2" "$3" >"$root/opt/$1/torch/version.py"
}
pytorch old 2.9.1+cu128 "'12.8'"
pytorch older-cuda 2.11.0+cu128 "'12.8'"
pytorch no-cuda 2.11.0+cpu None

# The bundle is read-only in there, and the environment empty.
# shellcheck disable=SC2016 # of the shell inside
enter='set -e
root=$1 bundle=$2 stdlib=$3 packages=$4
shift 4
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind "$stdlib" "$root$stdlib"
mount --bind "$packages" "$root/opt/site packages"
mount --bind "$root$bundle" "$root$bundle"
mount -o remount,bind,ro "$root$bundle"
exec chroot "$root" /usr/bin/env -i PYTHONPATH="/opt/site packages" "$@"'
inside() {
    unshare --user --map-root-user --mount bash -c "$enter" _ "$root" "$bundle" "$stdlib" "$packages" "$@"
}

if inside /bin/true 2>"$work/refusal.txt"; then
    echo "in a root of its own"
    here=
    here_torch="/opt/site packages/torch"
    no_gstreamer() {
        local found
        found=$(find "$root" -path "$root$bundle" -prune -o \
            \( -name 'libgst*' -o -name 'libglib*' -o -name 'libpango*' -o -name 'libcairo*' -o -name '*.ttf' \) -print)
        [ -z "$found" ] && ! inside /bin/bash -c "echo >'$bundle/new'"
    }
    expect "the root holds no other GStreamer, Pango or font, and the bundle cannot be written to" no_gstreamer
else
    echo "on the system as it is ($(tail -n 1 "$work/refusal.txt"))"
    here=$root
    here_torch=$torch
    mkdir "$work/loaded"
    ln -sfn "$root$bundle/run" "$root/opt/linked"
    # The linker writes a file for each process.
    inside() {
        env -i PYTHONPATH="$packages" LD_DEBUG=libs LD_DEBUG_OUTPUT="$work/loaded/process" \
            PATH="$root/usr/bin:/usr/bin:/bin" TMPDIR="$root/tmp" "$@"
    }
fi
run="$here$bundle/run"

# ---- run -----------------------------------------------------------------------------------------------------

# The element's properties are in docs/properties.md, which another test compares with it.
describes_the_element() {
    inside "$run" gst-inspect-1.0 featuremosaic >"$work/inspected.txt" || return
    local name names
    # shellcheck disable=SC2016 # backticks of Markdown
    names=$(sed -nE 's/^\| `([a-z-]+)` \|.*/\1/p' "$source/docs/properties.md" | sort -u)
    [ -n "$names" ] || return
    for name in $names; do
        grep -qE "^  $name +:" "$work/inspected.txt" || { echo "no property $name"; return 1; }
    done
}
loads_every_plugin() {
    inside "$run" gst-inspect-1.0 --print-blacklist >"$work/blacklist.txt" && ! grep 'libgst' "$work/blacklist.txt"
}
# Three rows of four tiles of 32x24: 128x72, in I420.
draws_frames() {
    inside "$run" gst-launch-1.0 -q videotestsrc num-buffers=3 ! video/x-raw,width=128,height=96 ! videoconvert ! \
        featuremosaic device=cpu backbone=mobilenet-v2 ! videoconvert ! video/x-raw,format=I420 ! \
        y4menc ! filesink location="$here/tmp/frames.y4m" || return
    local header
    header=$(head -n 1 "$root/tmp/frames.y4m" | tr -d '\0')
    [[ $header == "YUV4MPEG2 "*" W128 H72 "* ]] &&
        [ "$(stat -c %s "$root/tmp/frames.y4m")" -eq $((${#header} + 1 + 3 * (6 + 128 * 72 * 3 / 2))) ]
}
draws_a_video() {
    inside "$run" gst-launch-1.0 -q videotestsrc num-buffers=5 ! video/x-raw,width=128,height=96 ! \
        openh264enc ! h264parse ! mp4mux ! filesink location="$here/tmp/video.mp4" &&
        inside "$run" gst-launch-1.0 -q filesrc location="$here/tmp/video.mp4" ! decodebin ! videoconvert ! \
            featuremosaic device=cpu backbone=mobilenet-v2 level=c2 ! videoconvert ! jpegenc ! \
            multifilesink location="$here/tmp/frame%d.jpg" &&
        [ "$(find "$root/tmp" -name 'frame*.jpg' | wc -l)" -eq 5 ]
}
# A picture with labels is not the one without, and nobody complains about fonts.
draws_labels() {
    local labels
    for labels in true false; do
        inside "$run" gst-launch-1.0 -q videotestsrc num-buffers=1 pattern=black ! video/x-raw,width=256,height=160 ! \
            videoconvert ! featuremosaic device=cpu backbone=mobilenet-v2 columns=1 rows=1 labels=$labels ! \
            videoconvert ! video/x-raw,format=RGB ! filesink location="$here/tmp/$labels.rgb" 2>"$work/complaints.txt" ||
            return
        ! grep -i font "$work/complaints.txt" || return
    done
    [ "$(stat -c %s "$root/tmp/true.rgb")" -eq $((256 * 160 * 3)) ] && ! cmp -s "$root"/tmp/{true,false}.rgb
}
runs_by_a_link() { inside "$here/opt/linked" gst-inspect-1.0 featuremosaic; }
takes_a_folder() { inside /usr/bin/env PYTHONPATH= "$run" --torch "$here_torch" gst-inspect-1.0 featuremosaic; }
leaves_python_alone() {
    inside "$run" python3 -c 'import os, sys
sys.exit(sys.argv[1] in os.environ["LD_LIBRARY_PATH"])' "$bundle"
}
# refuses SENTENCE COMMAND...: exit status 2, and one line that holds SENTENCE and says what is wanted.
refuses() {
    local sentence=$1 status=0
    shift
    "$@" >"$work/said.txt" 2>&1 || status=$?
    cat "$work/said.txt"
    [ "$status" -eq 2 ] && [ "$(wc -l <"$work/said.txt")" -eq 1 ] &&
        grep -qF -- "$sentence" "$work/said.txt" && grep -qF 'PyTorch 2.11 for CUDA 13' "$work/said.txt"
}
expect "gst-inspect-1.0 shows the element" describes_the_element
expect "every plugin can be loaded" loads_every_plugin
expect "a pipeline draws frames" draws_frames
expect "a pipeline draws a video file" draws_a_video
expect "labels are drawn" draws_labels
expect "run works through a link" runs_by_a_link
expect "--torch takes a folder" takes_a_folder
expect "other programs are not given the bundle's libraries" leaves_python_alone
expect "an older PyTorch is refused" refuses 'PyTorch 2.9.1+cu128' inside "$run" --torch "$here/opt/old/torch" true
expect "an older CUDA is refused" refuses 'CUDA 12.8' inside "$run" --torch "$here/opt/older-cuda/torch" true
expect "PyTorch without CUDA is refused" refuses 'no CUDA' inside "$run" --torch "$here/opt/no-cuda/torch" true
expect "a folder that is no PyTorch's is refused" \
    refuses "'/nowhere' is no folder of PyTorch" inside "$run" --torch /nowhere true
expect "no PyTorch at all is said" refuses "python3 has no torch package" inside /usr/bin/env PYTHONPATH= "$run" true

# ---- check ---------------------------------------------------------------------------------------------------

counts_tests() {
    local tests
    tests=$(inside "$run" unit_test --gtest_list_tests | grep -c '^  ')
    inside "$here$bundle/check" --out "$here/tmp/out" unit_test describe_test >"$work/table.txt" || return
    cat "$work/table.txt"
    grep -qE "^unit_test +$tests +0 +0 +[0-9.]+$" "$work/table.txt" && [ -s "$root/tmp/out/unit_test.json" ]
}
reports_failures() {
    local status=0
    inside "$here$bundle/check" --quick broken_test describe_test >"$work/table.txt" || status=$?
    cat "$work/table.txt"
    [ "$status" -eq 1 ] && grep -qE '^broken_test +0 +1 +0 ' "$work/table.txt" &&
        grep -qE '^describe_test +[1-9][0-9]* +0 +0 ' "$work/table.txt"
}
expect "check runs the test programs and counts their tests" counts_tests
expect "check reports a program that fails" reports_failures

if [ -n "$here" ]; then
    loads_none_of_the_system() {
        grep -qF "calling init: $root$bundle/bin/../lib/libgstreamer-1.0.so.0" "$work"/loaded/* &&
            ! grep -hE 'calling init: /(usr/)?lib/.*/lib(gst|glib|gobject|pango|cairo|fontconfig|freetype)' "$work"/loaded/*
    }
    expect "no process loaded the system's GStreamer, GLib, Pango or what that needs" loads_none_of_the_system
fi

[ "$failures" -eq 0 ] || { echo "$failures failed"; exit 1; }
