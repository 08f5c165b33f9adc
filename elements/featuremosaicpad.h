/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <vector>

#include <gst/gst.h>

#include "view/settings.h"
#include "view/shownpicture.h"

/** \brief A source pad, with the properties that choose maps */
#define GST_TYPE_FEATURE_MOSAIC_PAD gst_feature_mosaic_pad_get_type()
G_DECLARE_DERIVABLE_TYPE(GstFeatureMosaicPad, gst_feature_mosaic_pad, GST, FEATURE_MOSAIC_PAD,
                         GstPad)

struct _GstFeatureMosaicPadClass {
	GstPadClass parent_class;
};

/** \brief One that shows pictures of them, with the properties of those */
#define GST_TYPE_FEATURE_MOSAIC_PICTURE_PAD gst_feature_mosaic_picture_pad_get_type()
G_DECLARE_FINAL_TYPE(GstFeatureMosaicPicturePad, gst_feature_mosaic_picture_pad, GST,
                     FEATURE_MOSAIC_PICTURE_PAD, GstFeatureMosaicPad)

/** \brief One that gives the maps as they are; its settings are of View::Tensor */
#define GST_TYPE_FEATURE_MOSAIC_TENSOR_PAD gst_feature_mosaic_tensor_pad_get_type()
G_DECLARE_FINAL_TYPE(GstFeatureMosaicTensorPad, gst_feature_mosaic_tensor_pad, GST,
                     FEATURE_MOSAIC_TENSOR_PAD, GstFeatureMosaicPad)

/** \brief A copy of what is set now; from any thread */
fm::ViewSettings gst_feature_mosaic_pad_get_settings(GstFeatureMosaicPad *self);

/** \brief The levels that the pad accepts; from any thread */
std::vector<std::string> gst_feature_mosaic_pad_get_levels(GstFeatureMosaicPad *self);

/** \brief The levels that the pad accepts from now on; empty: the model is not known, any */
void gst_feature_mosaic_pad_set_levels(GstFeatureMosaicPad *self, std::vector<std::string> levels);

/** \brief What the pad's next frame shows; from any thread */
void gst_feature_mosaic_pad_set_shown(GstFeatureMosaicPad *self,
                                      std::vector<fm::ShownPanel> panels);

/** \brief Shows the channel alone whose tile is at \a x and \a y of the last frame, or what was
 * there before such a click; from any thread
 *
 * \return Whether the click meant either of them
 */
bool gst_feature_mosaic_pad_click(GstFeatureMosaicPad *self, double x, double y);
