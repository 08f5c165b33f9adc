/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "draw.h"

#include <cstring>
#include <vector>

namespace fm {

namespace {

class TilePainter
{
public:
	TilePainter(const MapView &map, const TileStyle &style, const RgbView &tile)
		: map_(map), style_(style), table_(colormapTable(style.colormap)), tile_(tile)
	{
	}

	void drawNearest() const
	{
		std::vector<int> columns(tile_.width);
		for (int x = 0; x < tile_.width; ++x)
			columns[x] = nearestIndex(x, map_.width, tile_.width);

		int above = -1;
		for (int y = 0; y < tile_.height; ++y) {
			const int row = nearestIndex(y, map_.height, tile_.height);
			if (row == above) {
				std::memcpy(tile_.row(y), tile_.row(y - 1),
				            std::size_t{ 3 } * tile_.width);
				continue;
			}
			for (int x = 0; x < tile_.width; ++x)
				put(x, y, map_.at(columns[x], row));
			above = row;
		}
	}

	void drawLinear() const
	{
		std::vector<LinearTap> columns(tile_.width);
		for (int x = 0; x < tile_.width; ++x)
			columns[x] = linearTap(x, map_.width, tile_.width);

		for (int y = 0; y < tile_.height; ++y) {
			const LinearTap row = linearTap(y, map_.height, tile_.height);
			for (int x = 0; x < tile_.width; ++x)
				put(x, y, sampleLinear(map_, columns[x], row));
		}
	}

private:
	void put(int x, int y, float value) const
	{
		const int index = colorIndex(value, style_.range, style_.gamma);
		const Rgb color = index == notANumber ? Rgb{ 0, 0, 0 } : table_[index];
		std::memcpy(tile_.row(y) + 3 * x, color.data(), color.size());
	}

	const MapView &map_;
	const TileStyle &style_;
	const ColormapTable &table_;
	const RgbView &tile_;
};

} /* namespace */

void drawTile(const MapView &map, const TileStyle &style, const RgbView &tile)
{
	const TilePainter painter(map, style, tile);
	if (style.interpolation == Interpolation::Nearest)
		painter.drawNearest();
	else
		painter.drawLinear();
}

} /* namespace fm */
