/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "composition.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "error.h"

namespace fm {

namespace {

/* A pyramid's smallest tiles, by the largest: coarser levels would be too small to see. */
constexpr double smallestInPyramid = 1.0 / 8;
/* Where the number of columns is left to us. */
constexpr int columnsOfPyramid = 8;

int evenAbove(int64_t value)
{
	return static_cast<int>((value + 1) / 2 * 2);
}

/* With a pixel for each tile. */
int leastWidth(Grid grid)
{
	return grid.columns + (grid.columns - 1) * grid.gap;
}

/* Of the strips of a timeline, one below the other. */
Size stripOf(Size video, int tiles)
{
	return { video.width * std::max(tiles, 1), video.height };
}

/* Puts the panels, which lie one behind the other, amid a picture of \a size, and makes them cover
 * all of it: what is around them is theirs. */
void spread(PanelPicture &picture, Size size)
{
	std::vector<Panel> &panels = picture.panels;
	const bool isRow = panels.back().left > 0;
	const int left = (size.width - picture.size.width) / 4 * 2;
	const int top = (size.height - picture.size.height) / 4 * 2;
	std::vector<int> edges = { 0 };
	for (std::size_t k = 1; k < panels.size(); ++k)
		edges.push_back(isRow ? left + panels[k].left : top + panels[k].top);
	edges.push_back(isRow ? size.width : size.height);

	for (std::size_t k = 0; k < panels.size(); ++k) {
		const int x = isRow ? edges[k] : 0;
		const int y = isRow ? 0 : edges[k];
		Panel &panel = panels[k];
		panel.layout.left += left + panel.left - x;
		panel.layout.top += top + panel.top - y;
		panel.layout.size = { isRow ? edges[k + 1] - x : size.width,
			              isRow ? size.height : edges[k + 1] - y };
		panel.left = x;
		panel.top = y;
	}
}

} /* namespace */

Composition::Composition(const ViewSettings &settings, std::span<const Level> levels, int tiles,
                         Size video, std::vector<std::string> titles)
	: view_(settings.view), pyramid_(settings.pyramidLayout), grid_(Grid::of(settings, tiles)),
	  preferredWidth_(video.width), video_(video), header_(settings.header),
	  titles_(std::move(titles))
{
	switch (settings.view) {
	case View::Overlay:
	case View::Pca:
	case View::Video:
		grid_ = { 1, 1, 0 };
		break;
	case View::Difference:
		grid_.columns *= tilesOfChannel(settings);
		break;
	case View::Timeline:
		grid_ = { 1, std::max(tiles, 1), static_cast<int>(settings.gap) };
		video_ = stripOf(video, tiles);
		break;
	case View::Pyramid:
		levels_.assign(levels.begin(), levels.end());
		grid_ = { settings.columns > 0 ? static_cast<int>(settings.columns)
			                       : columnsOfPyramid,
			  1, static_cast<int>(settings.gap) };
		break;
	default:
		break;
	}
}

bool Composition::isSingle() const
{
	return view_ != View::SideBySide && view_ != View::Pyramid;
}

PanelPicture Composition::single(int width) const
{
	MosaicLayout layout = MosaicLayout::ofWidth(width, video_, grid_);
	if (view_ == View::Overlay || view_ == View::Pca)
		layout.size = layout.tile; /* The video's own, odd as it may be. */
	return { layout.size, { { view_, {}, layout, 0, 0, titles_ } } };
}

/* Of one height: that of the mosaic. */
PanelPicture Composition::sideBySide(int width) const
{
	const MosaicLayout mosaic = MosaicLayout::ofWidth(width, video_, grid_);
	const int height = mosaic.size.height;
	const int64_t wanted = (int64_t{ 2 } * height * video_.width + video_.height) /
	                       (int64_t{ 2 } * video_.height);
	const Size input = { evenAbove(std::max<int64_t>(wanted, 1)), height };
	return { { input.width + mosaic.size.width, height },
		 { { View::Video, {}, MosaicLayout::inside(input, video_, { 1, 1, 0 }), 0, 0 },
		   { View::Mosaic, {}, mosaic, input.width, 0, titles_ } } };
}

PanelPicture Composition::pyramid(int width) const
{
	PanelPicture picture;
	const auto addRow = [&](View content, const std::string &level, int rowWidth, Grid grid) {
		MosaicLayout row = MosaicLayout::ofWidth(rowWidth, video_, grid);
		const int gap = picture.panels.empty() ? 0 : evenAbove(grid_.gap);
		picture.size.height += gap;
		row.size.width = evenAbove(width);
		picture.panels.push_back({ content, level, row, 0, picture.size.height });
		picture.size.height += row.size.height;
	};
	int finest = levels_[0].stride;
	for (const Level &level : levels_)
		finest = std::min(finest, level.stride);
	const int tile = MosaicLayout::ofWidth(width, video_, grid_).tile.width;
	addRow(View::Video, {}, tile, { 1, 1, 0 });
	for (const std::string &title : titles_)
		picture.panels[0].titles.push_back(title + " " + std::to_string(video_.width) +
		                                   "x" + std::to_string(video_.height));
	for (const Level &level : levels_) {
		const double scale = pyramid_ == PyramidLayout::Equal
		                             ? 1.0
		                             : std::max(smallestInPyramid,
		                                        static_cast<double>(finest) / level.stride);
		const int64_t side = std::max(1L, std::lround(tile * scale));
		addRow(View::Mosaic, level.name,
		       static_cast<int>(side * grid_.columns +
		                        int64_t{ grid_.columns - 1 } * grid_.gap),
		       grid_);
	}
	picture.size.width = evenAbove(width);
	return picture;
}

PanelPicture Composition::made(int width) const
{
	switch (view_) {
	case View::SideBySide:
		return sideBySide(width);
	case View::Pyramid:
		return pyramid(width);
	default:
		return single(width);
	}
}

/* The largest picture of several panels that fits into \a limit. */
PanelPicture Composition::widest(Size limit) const
{
	std::optional<PanelPicture> found;
	int low = leastWidth(grid_);
	int high = limit.width;
	while (low <= high) {
		const int middle = (low + high) / 2;
		PanelPicture picture = made(middle);
		if (picture.size.width <= limit.width && picture.size.height <= limit.height) {
			found = std::move(picture);
			low = middle + 1;
		} else {
			high = middle - 1;
		}
	}
	if (!found)
		throw Error(Error::Kind::BadSetting, "A picture of " + std::to_string(limit.width) +
		                                             "x" + std::to_string(limit.height) +
		                                             " pixels leaves no pixel for a tile");
	return std::move(*found);
}

/* Text that can be read, and is not larger than need be. */
int Composition::headerHeight(int width)
{
	constexpr int least = 24;
	constexpr int most = 48;
	return std::clamp(width / 40 / 2 * 2, least, most);
}

/* Where it would take more than half of a picture there is none either. */
int Composition::headerOf(Size size) const
{
	/* Side by side it has but a part of the width. */
	const int least = view_ == View::SideBySide ? 2 * minHeadedWidth : minHeadedWidth;
	const int rows = headerHeight(size.width);
	return header_ && size.width >= least && size.height >= 2 * rows ? rows : 0;
}

/* A picture of \a size that has room for one above it. */
Size Composition::withHeader(Size size) const
{
	const Size whole = { size.width, size.height + headerHeight(size.width) };
	return headerOf(whole) > 0 && whole.height <= maxPictureSide ? whole : size;
}

Size Composition::preferred() const
{
	return withHeader(made(preferredWidth_).size);
}

Size Composition::ofWidth(int width) const
{
	return withHeader(bareOfWidth(width));
}

Size Composition::ofHeight(int height) const
{
	const Size bare = bareOfHeight(height);
	const int rows = headerOf(bare);
	if (rows == 0)
		return bare;
	/* Narrower than that it may have none. */
	const Size headed = { bareOfHeight(height - rows).width, height };
	return headerOf(headed) > 0 ? headed : bare;
}

std::vector<Panel> Composition::inside(Size size) const
{
	const int header = headerOf(size);
	std::vector<Panel> panels = bareInside({ size.width, size.height - header });
	for (Panel &panel : panels) {
		if (panel.top > 0) {
			panel.top += header;
			continue;
		}
		panel.layout.header = header;
		panel.layout.size.height += header;
		panel.layout.top += header;
	}
	return panels;
}

Size Composition::bareOfWidth(int width) const
{
	if (isSingle())
		return single(width).size;
	return { width, widest({ width, maxPictureSide }).size.height };
}

Size Composition::bareOfHeight(int height) const
{
	if (isSingle())
		return MosaicLayout::ofHeight(height, video_, grid_).size;
	return { widest({ maxPictureSide, height }).size.width, height };
}

std::vector<Panel> Composition::bareInside(Size size) const
{
	if (isSingle()) {
		/* Of a video of odd width the picture is a pixel wider. */
		for (const int width : { preferredWidth_, size.width }) {
			if (width < leastWidth(grid_))
				continue;
			if (const PanelPicture natural = single(width); natural.size == size)
				return natural.panels;
		}
		return { { view_, {}, MosaicLayout::inside(size, video_, grid_), 0, 0, titles_ } };
	}
	PanelPicture picture = widest(size);
	spread(picture, size);
	return picture.panels;
}

} /* namespace fm */
