/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* The plugin's one debug category: GST_DEBUG=featuremosaic:5. */
GST_DEBUG_CATEGORY_EXTERN(featuremosaic_debug);
#define GST_CAT_DEFAULT featuremosaic_debug
