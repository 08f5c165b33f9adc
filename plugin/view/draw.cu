/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "viewkernels.h"

#include "kernel.h"

namespace fm {

namespace {

constexpr int blockWidth = 32;
constexpr int blockHeight = 8;

/* Two by two pixels of one tile of a mosaic, with nothing over them: those that most are. */
template<typename T>
__device__ Rgba8Quad tileQuad(const PictureParameters &picture, const BasicFeatureMaps<T> &maps,
                              TilePlace at)
{
	const Size size = picture.layout.tile;
	const BasicMapView<T> map = maps.map(picture.tiles[at.tile].place);
	const Range range = picture.memory.ranges[at.tile];
	const int columns[] = { nearestIndex(at.x, map.width, size.width),
		                nearestIndex(at.x + 1, map.width, size.width) };
	const int rows[] = { nearestIndex(at.y, map.height, size.height),
		             nearestIndex(at.y + 1, map.height, size.height) };
	float values[4];
	FM_UNROLL
	for (int k = 0; k < 4; ++k)
		values[k] = map.at(columns[k % 2], rows[k / 2]);
	Rgba8Quad quad;
	FM_UNROLL
	for (int k = 0; k < 4; ++k)
		quad.at[k] = picture.palette[colorIndex(values[k], range, 1.0f) + 1];
	return quad;
}

/* Whether the quad at \a x and \a y, which is at \a at, is one of those. */
__device__ bool isPlain(const PictureParameters &picture, int x, int y, TilePlace at)
{
	if (picture.caption.covers(x, y))
		return false;
	const Size size = picture.layout.tile;
	if (isDrawnByPixel(picture.content) || picture.gamma != 1.0f ||
	    picture.interpolation != Interpolation::Nearest || !picture.boxes.empty())
		return false;
	if (at.tile < 0 || at.tile >= picture.tileCount || at.x + 1 >= size.width ||
	    at.y + 1 >= size.height)
		return false;
	const TileParameters &tile = picture.tiles[at.tile];
	const RangeLineView &line = picture.rangeLine;
	const bool hasText = line.covers(at.tile, at.y) || line.covers(at.tile, at.y + 1);
	return !hasText && !picture.bar.covers(size, at.tile, at.y + 1) &&
	       !tile.label.covers(at.x, at.y) && !tile.deadLabel.covers(at.x, at.y);
}

/* Two by two pixels a thread: those that share a chroma sample. */
template<typename T>
__global__ void __launch_bounds__(blockWidth *blockHeight, 4)
	drawPicture(BasicFeatureMaps<T> maps, const PictureParameters *picture)
{
	const Size size = picture->output.size;
	const int x = 2 * static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
	const int y = 2 * static_cast<int>(blockIdx.y * blockDim.y + threadIdx.y);
	if (x >= size.width || y >= size.height)
		return;

	Rgba8Quad quad;
	const TilePlace at = tileAt(picture->layout, x, y);
	if (isPlain(*picture, x, y, at)) {
		quad = tileQuad(*picture, maps, at);
	} else {
		FM_ROLL
		for (int k = 0; k < 4; ++k)
			quad.at[k] = picturePixel(*picture, maps, x + k % 2, y + k / 2);
	}
	writeQuad(picture->output, x, y, quad);
}

} /* namespace */

void launchPicture(const DeviceMaps &maps, const PictureParameters *picture, Size size,
                   CUstream_st *stream)
{
	const dim3 block(blockWidth, blockHeight);
	const dim3 grid(blocksFor(size.width, 2 * blockWidth),
	                blocksFor(size.height, 2 * blockHeight));
	withElementType(maps.type, [&](auto example) {
		using T = decltype(example);
		launch(drawPicture<T>, grid, block, stream, maps.as<T>(), picture);
	});
}

} /* namespace fm */
