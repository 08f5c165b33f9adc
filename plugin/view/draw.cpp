/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "draw.h"

#include <algorithm>
#include <array>
#include <optional>

#include "error.h"
#include "frame/output.h"
#include "parallel.h"
#include "picture.h"

namespace fm {

namespace {

constexpr Rgba8 black = { 0, 0, 0, 255 };

/* Pairs of rows that are worth a thread. */
constexpr int grain = 8;

/* What is the same for all rows of a mosaic. */
struct Geometry {
	explicit Geometry(const MosaicPicture &picture) : palette(paletteOf(picture.style.colormap))
	{
		if (picture.rangeLine)
			rangeLine = picture.rangeLine->view();
		for (std::size_t k = 0; k < picture.tiles.size(); ++k)
			if (static_cast<int>(k) < rangeLine.tiles)
				rangeTexts.push_back(rangeText(picture.tiles[k].range));
		if (picture.header)
			header = picture.header->view();
		headerText = rangeText(picture.headerRange);
		const int tile = picture.layout.tile.width;
		const int width = picture.tiles.empty() ? 1 : picture.tiles[0].map.width;
		for (int k = 0; k < picture.boxes.count; ++k)
			boxes.push_back(picture.boxes.at[k].in(picture.layout.tile));
		for (int x = 0; x < tile; ++x) {
			nearest.push_back(nearestIndex(x, width, tile));
			linear.push_back(linearTap(x, width, tile));
		}
	}

	Palette palette;
	std::vector<int> nearest;      /* By column of a tile, the map's column. */
	std::vector<LinearTap> linear; /* Likewise. */
	std::vector<PixelBox> boxes;   /* On a tile. */
	RangeLineView rangeLine = {};
	std::vector<RangeText> rangeTexts; /* By tile, of those that have the line. */
	HeaderView header = {};
	RangeText headerText;
};

/* Draws rows of a mosaic, one after the other; one for each thread. */
class RowPainter
{
public:
	RowPainter(const MosaicPicture &picture, const Geometry &geometry)
		: picture_(picture), layout_(picture.layout), geometry_(geometry),
		  unlabelled_(layout_.size.width), row_(layout_.size.width),
		  below_(layout_.size.width), values_(layout_.tile.width),
		  colors_(layout_.tile.width)
	{
	}

	/* Rows \a y and y + 1. */
	void paintPair(int y, const FrameWriter &writer)
	{
		paint(y, row_);
		if (y + 1 < layout_.size.height)
			paint(y + 1, below_);
		writer.write(y, row_.data(), below_.data());
	}

private:
	using Row = std::vector<Rgba8>;

	/* What a row without labels depends on. */
	struct Source {
		int gridRow = -1; /* -1: no tile is cut */
		int mapRow = -1;  /* The tile's row, where that has pixels of its own. */

		bool operator==(const Source &) const = default;
	};

	Source sourceOf(int y, int &inTile) const
	{
		const int fromTop = y - layout_.top;
		const int pitch = layout_.tile.height + layout_.grid.gap;
		if (fromTop < 0 || fromTop / pitch >= layout_.grid.rows)
			return {};
		inTile = fromTop % pitch;
		if (inTile >= layout_.tile.height)
			return {};
		if (isDrawnByPixel(picture_.content)) /* Of one tile, whatever the grid is. */
			return fromTop < pitch ? Source{ 0, inTile } : Source{};
		if (picture_.tiles.empty())
			return {};
		const int mapRow = picture_.style.interpolation == Interpolation::Nearest
		                           ? nearestIndex(inTile, picture_.tiles[0].map.height,
		                                          layout_.tile.height)
		                           : inTile;
		return { fromTop / pitch, mapRow };
	}

	void paint(int y, Row &row)
	{
		int inTile = 0;
		const Source source = sourceOf(y, inTile);
		if (source != source_) {
			paintUnlabelled(source);
			source_ = source;
		}
		row = unlabelled_;
		if (source.gridRow >= 0)
			forEachTile(source.gridRow, [&](const Tile &tile, int x) {
				for (const PixelBox &box : geometry_.boxes)
					paintOutline(box, inTile, row.data() + x);
				const int k = static_cast<int>(&tile - picture_.tiles.data());
				if (picture_.bar.covers(layout_.tile, k, inTile))
					paintBar(tile, row.data() + x);
				if (tile.label)
					paintLabel(tile.label->view(), inTile, row.data() + x);
				if (geometry_.rangeLine.covers(k, inTile))
					paintRange(geometry_.rangeTexts[k], inTile, row.data() + x);
			});
		if (y < layout_.header)
			paintHeader(y, row.data());
		paintCaption(picture_.caption.view(), y, row.data());
	}

	template<typename Visit>
	void forEachTile(int gridRow, Visit &&visit) const
	{
		const int first = gridRow * layout_.grid.columns;
		const int end = std::min(first + layout_.grid.columns,
		                         static_cast<int>(picture_.tiles.size()));
		for (int k = first; k < end; ++k)
			visit(picture_.tiles[k], layout_.x(k));
	}

	void paintOutline(const PixelBox &box, int y, Rgba8 *row) const
	{
		const int thickness = Boxes::thickness(layout_.tile);
		for (int x = box.left; x < box.right; ++x)
			if (box.hasOnEdge(x, y, thickness))
				row[x] = outlineColor();
	}

	static void paintLabel(const LabelView &label, int y, Rgba8 *row)
	{
		for (int x = 0; label.covers(x, y); ++x)
			row[x] = underLabel(row[x], label.at(x, y));
	}

	void paintCaption(const CaptionView &caption, int y, Rgba8 *row) const
	{
		for (int x = 0; x < layout_.size.width && caption.covers(x, y); ++x)
			row[x] = underLabel(row[x], caption.at(x, y));
	}

	/* Where there is text: most of a tile's columns have none. */
	void paintRange(const RangeText &text, int y, Rgba8 *row) const
	{
		const RangeLineView &line = geometry_.rangeLine;
		const int width = layout_.tile.width;
		const auto paint = [&](int first, int end) {
			for (int x = first; x < end; ++x)
				row[x] = underLabel(row[x], line.at(text, x, y));
		};
		const int lowerEnd = std::min(line.lowerEnd(text), width);
		paint(0, lowerEnd);
		if (line.right > 0)
			paint(std::max(lowerEnd, line.upperStart(text)), width);
	}

	void paintBar(const Tile &tile, Rgba8 *row) const
	{
		const int width = layout_.tile.width;
		for (int x = 0; x < width; ++x)
			row[x] = geometry_.palette[barIndex(x, width, tile.range,
			                                    picture_.style.gamma) +
			                           1];
	}

	void paintHeader(int y, Rgba8 *row) const
	{
		for (int x = 0; x < layout_.size.width; ++x)
			row[x] = underLabel(row[x],
			                    geometry_.header.at(&geometry_.headerText, x, y));
	}

	void paintUnlabelled(const Source &source)
	{
		std::ranges::fill(unlabelled_, black);
		if (source.gridRow < 0)
			return;
		if (isDrawnByPixel(picture_.content))
			return paintByPixel(source.mapRow, unlabelled_.data() + layout_.left);
		forEachTile(source.gridRow, [&](const Tile &tile, int x) {
			Rgba8 *out = unlabelled_.data() + x;
			if (picture_.style.interpolation == Interpolation::Nearest)
				paintNearest(tile, source.mapRow, out);
			else
				paintLinear(tile, source.mapRow, out);
		});
	}

	/* Of the one tile that such a picture has. */
	void paintByPixel(int y, Rgba8 *out) const
	{
		for (int x = 0; x < layout_.tile.width; ++x)
			out[x] = pixelAt(x, y);
	}

	Rgba8 pixelAt(int x, int y) const
	{
		if (picture_.content == View::Pca)
			return { component(0, x, y), component(1, x, y), component(2, x, y), 255 };
		const Rgb8 below = scaledPixel(picture_.backdrop.video, layout_.tile, x, y);
		if (picture_.content == View::Video)
			return { below.r, below.g, below.b, 255 };
		const int index = indexAt(picture_.tiles[0], x, y);
		return overBackdrop(below, geometry_.palette[index + 1], index, picture_.backdrop);
	}

	uint8_t component(int k, int x, int y) const
	{
		return componentOf(indexAt(picture_.tiles[k], x, y));
	}

	int indexAt(const Tile &tile, int x, int y) const
	{
		return colorIndex(
			sampleTile(tile.map, layout_.tile, x, y, picture_.style.interpolation),
			tile.range, picture_.style.gamma);
	}

	/* A map that is narrower than its tile is coloured before it is widened. */
	void paintNearest(const Tile &tile, int mapRow, Rgba8 *out)
	{
		const int width = layout_.tile.width;
		const float *values = tile.map.row(mapRow);
		if (tile.map.width > width) {
			for (int x = 0; x < width; ++x)
				values_[x] = values[geometry_.nearest[x] * tile.map.columnStride];
			return color(tile, width, out);
		}
		for (int x = 0; x < tile.map.width; ++x)
			values_[x] = values[x * tile.map.columnStride];
		color(tile, tile.map.width, colors_.data());
		for (int x = 0; x < width; ++x)
			out[x] = colors_[geometry_.nearest[x]];
	}

	void paintLinear(const Tile &tile, int tileRow, Rgba8 *out)
	{
		const LinearTap row = linearTap(tileRow, tile.map.height, layout_.tile.height);
		for (int x = 0; x < layout_.tile.width; ++x)
			values_[x] = sampleLinear(tile.map, geometry_.linear[x], row);
		color(tile, layout_.tile.width, out);
	}

	/* The first \a count of values_. */
	void color(const Tile &tile, int count, Rgba8 *out) const
	{
		const float gamma = picture_.style.gamma;
		for (int x = 0; x < count; ++x)
			out[x] = geometry_.palette[colorIndex(values_[x], tile.range, gamma) + 1];
	}

	const MosaicPicture &picture_;
	const MosaicLayout &layout_;
	const Geometry &geometry_;
	std::optional<Source> source_; /* Of unlabelled_. */
	Row unlabelled_, row_, below_;
	std::vector<float> values_;
	std::vector<Rgba8> colors_;
};

} /* namespace */

MosaicPicture videoPicture(const MosaicLayout &layout, const Frame &video, const Caption &caption)
{
	return { layout,      { Colormap::Gray, 1.0f, Interpolation::Nearest },
		 {},          nullptr,
		 View::Video, { video, 0.0f, false },
		 {},          caption };
}

void drawMosaic(const MosaicPicture &picture, const Frame &output)
{
	if (output.size != picture.layout.size)
		throw Error(Error::Kind::Internal, "The mosaic is not of the output frame's size");

	const FrameWriter writer(output);
	const Geometry geometry(picture);
	const int pairs = (output.size.height + 1) / 2;
	parallelFor(pairs, grain, [&](int begin, int end) {
		RowPainter painter(picture, geometry);
		for (int pair = begin; pair < end; ++pair)
			painter.paintPair(2 * pair, writer);
	});
}

} /* namespace fm */
