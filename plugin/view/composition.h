/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <span>
#include <string>
#include <vector>

#include "backbone/level.h"
#include "layout.h"
#include "settings.h"

namespace fm {

/** \brief A part of a picture: what is drawn there, and where its tiles lie */
struct Panel {
	View content;        /**< Mosaic, Overlay, Pca, Difference, Change, Timeline or Video */
	std::string level;   /**< Empty: the one that the view is of */
	MosaicLayout layout; /**< Of the panel's own size */
	int left, top;       /**< In the picture, both even */
	/** \brief What its header begins with, where the layout has one: the longest that can be
	 * read there; none where it is another panel's
	 */
	std::vector<std::string> titles = {};

	bool operator==(const Panel &) const = default;
};

/** \brief Panels, and the size that they are made for */
struct PanelPicture {
	Size size = {};
	std::vector<Panel> panels;
};

/**
 * \brief What the picture of a view is composed of, for any size
 *
 * Most views are one panel, of one grid of tiles. A pyramid has the sink video and below it a row
 * of tiles for each level; side by side are the sink video and a mosaic. A header is a strip above
 * all of it, which belongs to the panels below; the text in it is that of the mosaic, and in a
 * pyramid of the sink video.
 */
class Composition
{
public:
	/** \brief Rows that a header takes of a picture that is \a width pixels wide; even */
	static int headerHeight(int width);
	/** \brief Narrower pictures have none: it could not be read */
	static constexpr int minHeadedWidth = 320;

	/**
	 * \brief Of \a settings, checked, for \a video; \a tiles are the channels that they show
	 *
	 * \a titles name the model, for a header, from the longest to the shortest.
	 */
	Composition(const ViewSettings &settings, std::span<const Level> levels, int tiles,
	            Size video, std::vector<std::string> titles = {});

	/**
	 * \brief The picture as it is where nothing is fixed downstream
	 *
	 * Of a mosaic as wide as the video; see MosaicLayout::ofWidth().
	 * \throws Error BadSetting where the tiles would have no pixels, or the picture too many
	 */
	Size preferred() const;
	/** \brief The size for a fixed \a width; throws as preferred() */
	Size ofWidth(int width) const;
	/** \brief The size for a fixed \a height; throws as preferred() */
	Size ofHeight(int height) const;
	/** \brief The panels of a picture of \a size, as large as they fit, amid it */
	std::vector<Panel> inside(Size size) const;

	bool operator==(const Composition &) const = default;

private:
	/* Of a picture of \a size. */
	int headerOf(Size size) const;
	Size withHeader(Size size) const;
	/* All below knows of no header. */
	Size bareOfWidth(int width) const;
	Size bareOfHeight(int height) const;
	std::vector<Panel> bareInside(Size size) const;
	bool isSingle() const;
	PanelPicture single(int width) const;
	PanelPicture sideBySide(int width) const;
	PanelPicture pyramid(int width) const;
	/* By the width of its mosaic, or of its rows of tiles. */
	PanelPicture made(int width) const;
	PanelPicture widest(Size limit) const;

	View view_;
	PyramidLayout pyramid_;
	std::vector<Level> levels_; /* All, for a pyramid; else none. */
	Grid grid_;
	int preferredWidth_;
	Size video_; /* Of the aspect ratio of the tiles. */
	bool header_;
	std::vector<std::string> titles_;
};

} /* namespace fm */
