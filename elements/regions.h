/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vector>

#include <gst/gst.h>

#include "frame/region.h"

/** \brief What \a buffer's GstVideoRegionOfInterestMeta mark on it, in their order */
std::vector<fm::Region> regionsOf(GstBuffer *buffer);
