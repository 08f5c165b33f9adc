#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs what featuremosaic needs, and builds it into build/. What is done already is not done again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
    cat <<EOF
Usage: tools/setup.sh [--runtime]

Installs the system packages (apt; through sudo where you are not root), makes the Python environment .venv/
that holds LibTorch, and builds the plugin into build/.

  --runtime   leave out CUDA's libraries (2.7 GB), torchvision and matplotlib: enough to run the plugin on a CPU,
              not for the tests. Ignored where the whole environment is there already, or an NVIDIA GPU.
EOF
}

want=full
case "${1:-}" in
"") ;;
--runtime) want=runtime ;;
-h | --help) usage; exit 0 ;;
*) usage >&2; exit 2 ;;
esac

start=$SECONDS
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# step TEXT COMMAND...: one progress line; the command's output only if it fails.
step() {
    local text=$1
    shift
    echo "[setup $((SECONDS - start)) s] $text"
    if ! "$@" >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        echo "setup: failed: $text" >&2
        exit 1
    fi
}

# Which environment is there is told by a copy of the pins that it was made from.
stamp=.venv/featuremosaic
if [ -e /dev/nvidiactl ] || [ -e "$stamp-full" ]; then want=full; fi

packages=(
    build-essential ccache meson ninja-build pkg-config python3-gi python3-venv unzip
    libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libgstreamer-plugins-bad1.0-dev
    gstreamer1.0-tools gstreamer1.0-x gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-libav
    fonts-dejavu-core libgtest-dev libpango1.0-dev nlohmann-json3-dev zlib1g-dev
)

[ $want = runtime ] || packages+=(clang-16 clang-format clang-tidy-16 libclang-rt-16-dev libomp-16-dev patchelf xdotool xvfb)

missing_packages() {
    local package
    for package in "${packages[@]}"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || echo "$package"
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

mapfile -t missing < <(missing_packages)
if [ "${#missing[@]}" -gt 0 ]; then
    command -v apt-get >/dev/null || {
        echo "setup: this is not a Debian system; install by hand: ${missing[*]}" >&2
        exit 1
    }
    step "updating apt's package lists" as_root apt-get update
    step "installing ${#missing[@]} system packages: ${missing[*]}" \
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
fi

[ -x .venv/bin/python3 ] || step "making the Python environment .venv" /usr/bin/python3 -m venv .venv

install_runtime() {
    .venv/bin/python3 -m pip install --no-deps -r requirements-runtime.txt
    cp requirements-runtime.txt "$stamp-runtime"
}
install_full() {
    .venv/bin/python3 -m pip install -r requirements.txt
    cat requirements-runtime.txt requirements.txt >"$stamp-full"
    # With CUDA there, there is more to build.
    if [ -e build/build.ninja ]; then meson setup --reconfigure build; fi
}

if [ $want = full ]; then
    cat requirements-runtime.txt requirements.txt | cmp -s - "$stamp-full" ||
        step "installing LibTorch, CUDA and torchvision (a download of 3 GB: minutes)" install_full
else
    cmp -s requirements-runtime.txt "$stamp-runtime" ||
        step "installing LibTorch (a download of 0.5 GB)" install_runtime
fi

[ -e build/build.ninja ] || step "configuring build/" env CC="ccache gcc" CXX="ccache g++" meson setup build
step "building into build/ (minutes the first time)" ninja -C build
echo "[setup $((SECONDS - start)) s] done"
