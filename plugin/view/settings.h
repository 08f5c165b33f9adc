/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

namespace fm {

enum class View { Mosaic };
enum class Colormap { Viridis, Magma, Inferno, Plasma, Cividis, Turbo, Gray, Coolwarm };
enum class Normalize { Tile, Level, Fixed, Running, Robust, Signed };
enum class Interpolation { Nearest, Linear };
/** \brief What of the maps ranked channels are measured in; Roi is inside against outside boxes */
enum class RankIn { Frame, Roi };

/** \brief What a user chose for one view; changeable from frame to frame */
struct ViewSettings {
	std::string level; /**< Empty: the finest FPN level, else the deepest level */
	View view = View::Mosaic;
	std::string channels = "0-11";
	unsigned page =
		0; /**< Of the channels, where they do not all fit the grid; 0 is the first */
	unsigned columns = 4; /**< 0: as many as the channels need */
	unsigned rows = 3;    /**< 0: as many as the channels need */
	Colormap colormap = Colormap::Viridis;
	bool freeze = false;
	Normalize normalize = Normalize::Tile;
	double rangeMin = 0.0; /**< For Normalize::Fixed, in the map's own unit */
	double rangeMax = 1.0;
	double gamma = 1.0;
	Interpolation interpolation = Interpolation::Nearest;
	unsigned gap = 0; /**< Pixels between tiles */
	bool labels = true;
	RankIn rankIn = RankIn::Frame;
	bool drawRoi = false; /**< The boxes' outlines, on the tiles */

	bool operator==(const ViewSettings &) const = default;
};

} /* namespace fm */
