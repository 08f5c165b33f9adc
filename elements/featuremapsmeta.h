/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "view/tensorcontent.h"

/**
 * \brief Makes the custom meta GstFeatureMapsMeta known to GStreamer, once
 *
 * It tells what the maps in a buffer are, as caps cannot that stay the same while ranked channels
 * change. Its structure has `level`, a string, `stride`, an int, and `channels`, a GstValueArray of
 * int: the channel of the level that each of the maps is, in their order.
 */
void registerFeatureMapsMeta();

/** \brief Attaches one that tells of \a content */
void addFeatureMapsMeta(GstBuffer *buffer, const fm::TensorContent &content);
