#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Gathers what a machine without GStreamer needs to run the plugin and its tests: build/bundle/.
set -euo pipefail
caller=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
    cat <<EOF
Usage: tools/bundle.sh [--build DIR] [--output DIR]

Sets up and builds, then makes a folder that can be copied to another machine (x86-64, glibc 2.36 or newer) and
anywhere on it: the plugin, its tools and test programs, GStreamer with the plugins that those need, the libraries
that all of these link to, and a font. What the other machine must have is PyTorch 2.11 for CUDA 13. There: run
COMMAND..., check.

  --build DIR    take what is in this build folder as it is, without setting up (build)
  --output DIR   make this folder; one that an earlier run made is replaced (build/bundle)
EOF
}

build=
output=build/bundle
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) usage; exit 0 ;;
    --build | --output)
        [ $# -ge 2 ] || { usage >&2; exit 2; }
        folder=$2
        [[ $folder == /* ]] || folder=$caller/$folder
        declare "${1#--}=$folder"
        shift 2
        ;;
    *) usage >&2; exit 2 ;;
    esac
done

die() {
    echo "bundle: $1" >&2
    exit 1
}

start=$SECONDS
say() {
    echo "[bundle $((SECONDS - start)) s] $1"
}

if [ -z "$build" ]; then
    tools/setup.sh
    build=build
fi
command -v patchelf >/dev/null || die "patchelf is missing; tools/setup.sh without --runtime installs it"
[ -e "$build/libgstfeaturemosaic.so" ] || die "'$build' holds no plugin"
[ ! -e "$output" ] || [ -e "$output/run" ] || die "'$output' is there already, and is no bundle"
max_mib=60
font=/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf
[ -e "$font" ] || die "the font $font is missing; tools/setup.sh installs it"

plugins=(
    # Sources, sinks, queues, tees; what decodebin is made of; the leak tracer, which the tests use.
    coreelements coretracers app playback typefindfunctions multifile
    # Raw video.
    videotestsrc videoconvertscale videorate compositor imagefreeze rawparse y4mdec y4menc timecode
    # Files and codecs; libav's would be larger than all the rest.
    isomp4 matroska videoparsersbad openh264 jpeg png nvcodec
)

# Finished under another name, so that a bundle that is there is a whole one.
mkdir -p "$(dirname -- "$output")"
work=$(mktemp -d "$(dirname -- "$output")/.bundle.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
chmod 755 "$work"
mkdir "$work"/{bin,lib,libexec,plugins,share,tests}

say "copying programs and plugins"
gst_plugins=$(pkg-config --variable=pluginsdir gstreamer-1.0)
gst_tools=$(pkg-config --variable=toolsdir gstreamer-1.0)
gst_libexec=$(pkg-config --variable=pluginscannerdir gstreamer-1.0)
for plugin in "${plugins[@]}"; do
    cp "$gst_plugins/libgst$plugin.so" "$work/plugins/"
done
cp "$gst_tools"/gst-{launch,inspect}-1.0 "$work/bin/"
cp "$gst_libexec/gst-plugin-scanner" "$work/libexec/"

# The plugin looks for its CUDA module beside itself, and so do the test programs, which have its code in them.
cp "$build/libgstfeaturemosaic.so" "$work/plugins/"
if [ -e "$build/libfeaturemosaic-cuda.so" ]; then
    cp "$build/libfeaturemosaic-cuda.so" "$work/plugins/"
    ln -s ../plugins/libfeaturemosaic-cuda.so "$work/bin/"
else
    say "without CUDA: '$build' was configured where it is not installed"
fi
cp "$build/featuremosaic-describe" "$work/bin/"
# Not the tests that want our stand-in for a driver, nor the benchmark of loading, for a CPU alone.
find "$build/tests" -maxdepth 2 -type f -executable ! -name '*.so' ! -name '*.plugin' ! -name '*cuda_memory_test' \
    ! -name bench_loading -exec cp -t "$work/bin/" {} +
find tests -name '*.py' -exec cp --parents -t "$work/" {} +
cp tools/bundle/{run,check} "$work/"
mkdir "$work/share/fonts"
cp "$font" "$work/share/fonts/"

elf_files() {
    find "$work" -type f -exec sh -c 'head -c 4 "$1" | grep -q "^.ELF"' _ {} \; -print0
}

# Debian's libraries are copied; LibTorch's and CUDA's lie elsewhere, and are the other machine's.
say "copying the libraries that these link to"
mapfile -d '' -t own < <(elf_files)
system='^(ld-linux-x86-64|libc|libm|libdl|librt|libpthread|libutil|libresolv|libstdc\+\+|libgcc_s|libgomp)\.so\.'
declare -A library provided
while read -r name _ path _; do
    case $path in
    /lib/* | /usr/lib/*) [[ $name =~ $system ]] || library[$name]=$path ;;
    /*) provided[$name]=1 ;;
    *) ;;
    esac
done < <(for file in "${own[@]}"; do env -u LD_LIBRARY_PATH ldd "$file"; done)
for name in "${!library[@]}"; do
    cp -L "${library[$name]}" "$work/lib/$name"
    chmod 644 "$work/lib/$name"
done

# A library finds the others by where it lies itself. Not by LD_LIBRARY_PATH, which other programs would see, nor
# by RUNPATH, which comes after it.
say "making them relocatable"
mapfile -d '' -t files < <(elf_files)
for file in "${files[@]}"; do
    case $file in
    "$work"/lib/*) origin=\$ORIGIN ;;
    *) origin=\$ORIGIN/../lib ;;
    esac
    strip --strip-unneeded "$file"
    patchelf --force-rpath --set-rpath "$origin" "$file"
    while read -r name; do
        [ -e "$work/lib/$name" ] || [[ $name =~ $system ]] || [ -n "${provided[$name]:-}" ] ||
            die "nothing provides $name, which ${file#"$work"/} links to"
    done < <(patchelf --print-needed "$file")
done

# The texts that the licences of what is passed on ask for, and the versions whose sources are Debian's.
say "copying licences"
mkdir -p "$work/share/licences/common-licenses"
cp LICENSE "$work/share/licences/featuremosaic"
find /usr/share/common-licenses -type f -exec cp -t "$work/share/licences/common-licenses" {} +
from_debian=("$font" "$gst_tools"/gst-{launch,inspect}-1.0 "$gst_libexec/gst-plugin-scanner")
for plugin in "${plugins[@]}"; do from_debian+=("$gst_plugins/libgst$plugin.so"); done
for name in "${library[@]}"; do from_debian+=("$(readlink -f "$name")"); done
# Some packages name their files as they were before /lib became a link; of each file one of the two names is known.
mapfile -t owners < <(dpkg-query -S -- "${from_debian[@]}" "${from_debian[@]#/usr}" 2>/dev/null)
[ "${#owners[@]}" -ge "${#from_debian[@]}" ] || die "some of the libraries are of no package, so without a licence"
# GoogleTest is linked statically into the test programs.
mapfile -t packages < <(printf '%s\n' "${owners[@]%%: *}" libgtest-dev | sort -u)
for package in "${packages[@]}"; do
    cp "/usr/share/doc/${package%%:*}/copyright" "$work/share/licences/${package%%:*}"
done
# shellcheck disable=SC2016 # dpkg-query's own variables
dpkg-query -W -f '${Package} ${Version}: source package ${source:Package} ${source:Version} of Debian\n' \
    "${packages[@]}" >"$work/share/packages.txt"

# Where this was built is nobody's business, and a path that is used would not be found there. Debian's files do not
# know it, but may hold "/src/".
for folder in "$PWD" "$(readlink -f .venv)"; do
    if found=$(find "$work" -type f ! -path "$work/lib/*" ! -name 'gst-*' ! \( -name 'libgst*' ! -name '*featuremosaic*' \) \
        -exec grep -lF -- "$folder/" {} +); then
        die "the path $folder is in ${found//"$work/"/}"
    fi
done
size=$(du -sb "$work" | cut -f 1)
[ "$size" -le $((max_mib << 20)) ] || die "$((size >> 20)) MiB is more than the $max_mib that are wanted"

rm -rf -- "$output"
mv -T -- "$work" "$output"
say "$output: $(((size + (1 << 20) - 1) >> 20)) MiB, ${#files[@]} programs and libraries"
