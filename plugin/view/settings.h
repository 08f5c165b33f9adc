/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <string>

namespace fm {

struct ComponentBasis;

/**
 * \brief Kinds of pictures; Video is a part of some, and none of its own
 *
 * Tensor is no picture: the maps as they are, for programs.
 */
enum class View {
	Mosaic,
	Overlay,
	Pyramid,
	Pca,
	SideBySide,
	Difference,
	Change,
	Timeline,
	Video,
	Tensor
};
enum class Colormap { Viridis, Magma, Inferno, Plasma, Cividis, Turbo, Gray, Coolwarm };
enum class Normalize { Tile, Level, Fixed, Running, Robust, Signed };
enum class Interpolation { Nearest, Linear };
/** \brief What of the maps ranked channels are measured in; Roi is inside against outside boxes */
enum class RankIn { Frame, Roi };
/** \brief How the channels of a level become one map: mean, maximum, mean |value|, root mean square
 */
enum class Reduce { Mean, Max, AbsMean, Energy };
/** \brief Rows of a pyramid: of one height, or each level's in proportion to its maps */
enum class PyramidLayout { Equal, Stride };
/** \brief Principal components that follow the video slowly, stay those of the first frame, or are
 * those of a file
 */
enum class PcaBasis { Running, First, File };

/** \brief Standard deviations, to either side of the mean, that a file's components are drawn for
 */
constexpr double basisReach = 2.0;

/** \brief What a difference between two checkpoints shows: itself, or behind the maps of both */
enum class DifferenceLayout { Difference, Beside };

/** \brief Channels that are shown where nothing is set */
constexpr const char *defaultChannels = "0-11";

/** \brief What a user chose for one view; changeable from frame to frame */
struct ViewSettings {
	std::string level; /**< Empty: the finest FPN level, else the deepest level */
	View view = View::Mosaic;
	std::string channels; /**< Empty: "0-11", or all where they become one */
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
	bool colorbar = false; /**< What the colours mean, on the tiles */
	bool header = false;   /**< A line of text above the picture */
	RankIn rankIn = RankIn::Frame;
	bool drawRoi = false;         /**< The boxes' outlines, on the tiles */
	Reduce reduce = Reduce::Mean; /**< For an overlay, and a timeline (over the map's places) */
	double alpha = 0.5;           /**< Of an overlay's heat map */
	bool alphaByValue = false;    /**< It is 0 at the colour map's lower end */
	PyramidLayout pyramidLayout = PyramidLayout::Equal;
	PcaBasis pcaBasis = PcaBasis::Running;
	std::string pcaFile; /**< For PcaBasis::File */
	/** \brief What that file has for the level; by Visualizer::complete() */
	std::shared_ptr<const ComponentBasis> basis;
	DifferenceLayout differenceLayout = DifferenceLayout::Difference;
	bool help = false; /**< The keys that steer the view, over the picture */
	unsigned look = 0; /**< Another one begins a picture anew, also where it is frozen */

	bool operator==(const ViewSettings &) const = default;
};

/** \brief Tiles that each channel has, side by side */
inline int tilesOfChannel(const ViewSettings &settings)
{
	const bool isThree = settings.view == View::Difference &&
	                     settings.differenceLayout == DifferenceLayout::Beside;
	return isThree ? 3 : 1;
}

/** \brief Whether all tiles have one range */
inline bool sharesRange(Normalize normalize)
{
	return normalize == Normalize::Level || normalize == Normalize::Fixed;
}

/**
 * \brief \a settings with what stands for their defaults
 *
 * Unless a user says otherwise, a difference is drawn about 0, as that is what it is about, and the
 * components of a file from and to the same values on each frame.
 */
inline ViewSettings inEffect(ViewSettings settings)
{
	if (settings.view == View::Pca && settings.pcaBasis == PcaBasis::File &&
	    settings.normalize == Normalize::Tile) {
		settings.normalize = Normalize::Fixed;
		settings.rangeMin = -basisReach;
		settings.rangeMax = basisReach;
	}
	if (settings.view != View::Difference)
		return settings;
	if (settings.colormap == Colormap::Viridis)
		settings.colormap = Colormap::Coolwarm;
	if (settings.normalize == Normalize::Tile)
		settings.normalize = Normalize::Signed;
	return settings;
}

} /* namespace fm */
