#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs clang-tidy over the C++ files that do not include LibTorch, whose headers take it minutes each.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

{
    find elements plugin/checkpoint plugin/frame plugin/view -name '*.cpp' ! -name colormap.cpp ! -name networkinput.cpp
    ls tools/describe/*.cpp
    ls plugin/backbone/{channelset,featurepyramidnetwork,mobilenet,mobilenetv2,mobilenetv3,network,plan,resnet,statenames}.cpp
    ls plugin/backbone/{tokengrid,vgg,weightsfile}.cpp
} | xargs -P "$(nproc)" -n 4 clang-tidy-16 -p build --quiet --extra-arg=-Wno-unknown-warning-option
