/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_FEATURE_MOSAIC gst_feature_mosaic_get_type()
G_DECLARE_FINAL_TYPE(GstFeatureMosaic, gst_feature_mosaic, GST, FEATURE_MOSAIC, GstElement)
GST_ELEMENT_REGISTER_DECLARE(featuremosaic)

G_END_DECLS
