/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include "elementtype.h"
#include "view/tensorcontent.h"

/* Caps of feature maps for programs; nothing here knows the element. */

#define FM_TENSOR_MEDIA_TYPE "application/x-feature-maps"

/** \brief Of the pad template; pads have `level`, a string, too */
#define FM_TENSOR_CAPS                                                                             \
	FM_TENSOR_MEDIA_TYPE                                                                       \
	", format = (string) { F32LE, F16LE }, channels = " GST_VIDEO_SIZE_RANGE                   \
	", height = " GST_VIDEO_SIZE_RANGE ", width = " GST_VIDEO_SIZE_RANGE                       \
	", framerate = " GST_VIDEO_FPS_RANGE

/** \brief What \a own and \a peer have in common at the rate of \a input; (transfer full) */
GstCaps *tensorCapsInCommon(GstCaps *own, GstCaps *peer, const GstVideoInfo &input);

/** \brief The caps among \a allowed that are of \a content; fixed, (transfer full), null for none
 */
GstCaps *fixateTensor(GstCaps *allowed, const fm::TensorContent &content);

/** \brief What values are in buffers of \a caps, which are fixed */
fm::ElementType elementTypeOf(const GstCaps *caps);
