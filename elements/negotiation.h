/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <gst/video/video.h>

#include "view/layout.h"

/* Of the pad templates: system memory, and CUDA's, which has no GRAY8. */
#define FM_CAPS(FORMATS, CUDA_FORMATS)                                                             \
	GST_VIDEO_CAPS_MAKE("{ " FORMATS " }")                                                     \
	";" GST_VIDEO_CAPS_MAKE_WITH_FEATURES("memory:CUDAMemory", "{ " CUDA_FORMATS " }")
#define FM_PACKED_FORMATS "RGB, BGR, RGBA, BGRA, RGBx, BGRx"
#define FM_DRAWN_FORMATS "RGB, RGBA, BGRx, NV12, I420"
constexpr const char *sinkCaps =
	FM_CAPS("NV12, I420, " FM_PACKED_FORMATS ", GRAY8", "NV12, I420, " FM_PACKED_FORMATS);
constexpr const char *sourceCaps = FM_CAPS(FM_DRAWN_FORMATS, FM_DRAWN_FORMATS);

/* What caps and sizes follow from what the neighbours can do; nothing here knows the element. */

/**
 * \brief \a templ, restricted to the frame rates and pixel aspect ratios of \a peer
 *
 * Those two are the same on both sides of the element; all else may differ. (transfer full)
 */
GstCaps *capsOfSameRate(GstCaps *templ, GstCaps *peer);

/** \brief \a caps without those of CUDA memory; takes it, (transfer full) */
GstCaps *withoutCudaMemory(GstCaps *caps);

/** \brief \a caps, those of CUDA memory first; takes it, (transfer full) */
GstCaps *preferringCudaMemory(GstCaps *caps);

bool isOfCudaMemory(const GstCaps *caps);

/** \brief The caps of a mosaic, and where its tiles lie in it */
struct MosaicCaps {
	GstCaps *caps; /**< Fixed, (transfer full); null where \a allowed is empty */
	fm::MosaicLayout layout;
};

/**
 * \brief Chooses from what a source pad and its peer allow
 *
 * The size is the mosaic's natural one for \a video, or, where \a allowed does not leave it free,
 * what is nearest to it.
 *
 * \throws fm::Error BadSetting where the grid does not fit
 */
MosaicCaps fixateMosaic(GstCaps *allowed, fm::Size video, fm::Grid grid);

/** \brief Answers a CAPS \a query on \a pad: what \a other's peer can do, as far as it matters here
 */
void answerCapsQuery(GstPad *pad, GstPad *other, GstQuery *query, bool mayUseCudaMemory);
