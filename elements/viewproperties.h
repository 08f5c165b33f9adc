/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits>

#include "enums.h"
#include "properties.h"
#include "view/channels.h"
#include "view/settings.h"

using ViewProperty = Property<fm::ViewSettings>;

/**
 * \brief Properties that choose maps: of each source pad, and of the element for its "src" pad
 */
inline const ViewProperty mapProperties[] = {
	{ "level",
	  "Level to show: c1 to c5 of the body, p2 to p7 and pool of the FPN, as far as it has "
	  "them (null: the finest FPN level, else the deepest; of torchscript the first)",
	  ViewProperty::Text{ ViewProperty::member<&fm::ViewSettings::level> } },
	{ "channels",
	  "Channels to show: indices and ranges (0-11 or 3,17,200-203), top:12 (highest mean "
	  "absolute activation), var:12 (highest variance of that mean over time), change:12 "
	  "(highest mean absolute difference from the frame before), random:12:SEED (the same for "
	  "the same seed), or all; left unset, an overlay and pca are of all",
	  ViewProperty::Text{ ViewProperty::member<&fm::ViewSettings::channels>,
	                      [](const std::string &text) { fm::ChannelSelection::parse(text); },
	                      fm::defaultChannels } },
	{ "freeze", "Hold what is shown while frames go on",
	  ViewProperty::Flag{ ViewProperty::member<&fm::ViewSettings::freeze> } },
	{ "rank-in",
	  "What top, var and change rank channels in: the frame, or the buffer's "
	  "GstVideoRegionOfInterestMeta, inside less outside (as frame where it has none)",
	  ViewProperty::choice<&fm::ViewSettings::rankIn>(gst_feature_mosaic_rank_in_get_type) },
};

/** \brief Properties of a picture of them: of each such pad, and of the element for "src" */
inline const ViewProperty pictureProperties[] = {
	{ "view", "Kind of picture",
	  ViewProperty::choice<&fm::ViewSettings::view>(gst_feature_mosaic_view_get_type) },
	{ "page",
	  "Which grid-full of the channels to draw, 0 the first; beyond the last page it is the "
	  "last",
	  ViewProperty::Number{ ViewProperty::member<&fm::ViewSettings::page>, 0, 65535 } },
	{ "columns", "Tiles in a row (0: as many as the channels need)",
	  ViewProperty::Number{ ViewProperty::member<&fm::ViewSettings::columns>, 0, 1024 } },
	{ "rows", "Rows of tiles (0: as many as the channels need)",
	  ViewProperty::Number{ ViewProperty::member<&fm::ViewSettings::rows>, 0, 1024 } },
	{ "colormap", "Colour map, as matplotlib's of that name",
	  ViewProperty::choice<&fm::ViewSettings::colormap>(gst_feature_mosaic_colormap_get_type) },
	{ "normalize", "Values of a map that the ends of the colour map stand for",
	  ViewProperty::choice<&fm::ViewSettings::normalize>(
		  gst_feature_mosaic_normalize_get_type) },
	{ "range-min", "Value of the colour map's lower end, for normalize=fixed",
	  ViewProperty::Real{ ViewProperty::member<&fm::ViewSettings::rangeMin>,
	                      -std::numeric_limits<float>::max(),
	                      std::numeric_limits<float>::max() } },
	{ "range-max", "Value of the colour map's upper end, for normalize=fixed",
	  ViewProperty::Real{ ViewProperty::member<&fm::ViewSettings::rangeMax>,
	                      -std::numeric_limits<float>::max(),
	                      std::numeric_limits<float>::max() } },
	{ "gamma", "Exponent on the normalised value",
	  ViewProperty::Real{ ViewProperty::member<&fm::ViewSettings::gamma>, 0.01, 100.0 } },
	{ "interpolation", "How a map is scaled to its tile",
	  ViewProperty::choice<&fm::ViewSettings::interpolation>(
		  gst_feature_mosaic_interpolation_get_type) },
	{ "gap", "Pixels between tiles, in black",
	  ViewProperty::Number{ ViewProperty::member<&fm::ViewSettings::gap>, 0, 1024 } },
	{ "reduce", "How channels become one map (overlay), and a map one value (timeline)",
	  ViewProperty::choice<&fm::ViewSettings::reduce>(gst_feature_mosaic_reduce_get_type) },
	{ "alpha", "How much an overlay's heat map covers the video",
	  ViewProperty::Real{ ViewProperty::member<&fm::ViewSettings::alpha>, 0.0, 1.0 } },
	{ "alpha-by-value", "Let the video show through an overlay where values are low",
	  ViewProperty::Flag{ ViewProperty::member<&fm::ViewSettings::alphaByValue> } },
	{ "pyramid-layout", "Height of the rows of a pyramid",
	  ViewProperty::choice<&fm::ViewSettings::pyramidLayout>(
		  gst_feature_mosaic_pyramid_layout_get_type) },
	{ "pca-basis", "Where the principal components come from",
	  ViewProperty::choice<&fm::ViewSettings::pcaBasis>(
		  gst_feature_mosaic_pca_basis_get_type) },
	{ "pca-file",
	  "Basis for pca-basis=file: a file of safetensors or torch.save with LEVEL.mean, "
	  "LEVEL.components and LEVEL.explained_variance for each level (pipelines/pca_basis.py "
	  "makes one); with the default normalize it is drawn from -2 to 2 standard deviations",
	  ViewProperty::Text{ ViewProperty::member<&fm::ViewSettings::pcaFile> } },
	{ "difference-layout",
	  "Whether view=difference shows the difference alone, or both checkpoints beside it",
	  ViewProperty::choice<&fm::ViewSettings::differenceLayout>(
		  gst_feature_mosaic_difference_layout_get_type) },
	{ "labels", "Write level and channel on each tile that is at least 64 pixels wide",
	  ViewProperty::Flag{ ViewProperty::member<&fm::ViewSettings::labels> } },
	{ "colorbar",
	  "Draw the colour map with the values of its ends at the foot of each tile that is at "
	  "least 64 pixels wide; of the first alone where all have one range (level, fixed)",
	  ViewProperty::Flag{ ViewProperty::member<&fm::ViewSettings::colorbar> } },
	{ "header",
	  "Write backbone, level, size of the maps, stride and the range of what is drawn in a "
	  "strip above the picture, which becomes higher by a 40th of its width (24 to 48 "
	  "pixels); not where that is under 320 pixels",
	  ViewProperty::Flag{ ViewProperty::member<&fm::ViewSettings::header> } },
	{ "draw-roi", "Draw the outlines of the buffer's GstVideoRegionOfInterestMeta on each tile",
	  ViewProperty::Flag{ ViewProperty::member<&fm::ViewSettings::drawRoi> } },
	{ "help", "Write the keys that steer the view over the picture",
	  ViewProperty::Flag{ ViewProperty::member<&fm::ViewSettings::help> } },
};
