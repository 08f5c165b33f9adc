/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <functional>
#include <string>

/** \brief Shows so many frames, and ends with the GPU idle */
using RunFrames = std::function<void(int)>;

/** \brief Milliseconds of the GPU for a frame by stage, as JSON: {"input": 0.03, ...}; null without
 * one
 */
std::string timeByStage(const RunFrames &run);

/** \brief How often each kernel runs in a frame, and its milliseconds in all: {"name": [2, 0.01],
 * ...}
 */
std::string timeByKernel(const RunFrames &run);
