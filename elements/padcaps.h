/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Caps of the pad templates; those of CUDA memory only where the plugin is built with it. */
extern const char *const sinkCaps;
extern const char *const sourceCaps;

/* In system memory. */
#define FM_PACKED_FORMATS "RGB, BGR, RGBA, BGRA, RGBx, BGRx"
#define FM_SINK_CAPS GST_VIDEO_CAPS_MAKE("{ NV12, I420, " FM_PACKED_FORMATS ", GRAY8 }")
#define FM_SOURCE_CAPS GST_VIDEO_CAPS_MAKE("{ RGB, RGBA, BGRx, NV12, I420 }")
