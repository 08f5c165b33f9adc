/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

/* GObject types of the enums in the settings; the values are those of the C++ enums. */
GType gst_feature_mosaic_backbone_get_type();
GType gst_feature_mosaic_precision_get_type();
GType gst_feature_mosaic_preprocess_get_type();
GType gst_feature_mosaic_channel_order_get_type();
GType gst_feature_mosaic_bottleneck_stride_get_type();
GType gst_feature_mosaic_view_get_type();
GType gst_feature_mosaic_reduce_get_type();
GType gst_feature_mosaic_pyramid_layout_get_type();
GType gst_feature_mosaic_pca_basis_get_type();
GType gst_feature_mosaic_difference_layout_get_type();
GType gst_feature_mosaic_colormap_get_type();
GType gst_feature_mosaic_normalize_get_type();
GType gst_feature_mosaic_interpolation_get_type();
GType gst_feature_mosaic_rank_in_get_type();
