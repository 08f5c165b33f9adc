/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "viewkernels.h"

#include "kernel.h"

namespace fm {

namespace {

constexpr int blockWidth = 32;
constexpr int blockHeight = 8;

/* Two by two pixels a thread: those that share a chroma sample. */
template<typename T>
__global__ void drawPicture(BasicFeatureMaps<T> maps, const PictureParameters *picture)
{
	const Size size = picture->output.size;
	const int x = 2 * static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
	const int y = 2 * static_cast<int>(blockIdx.y * blockDim.y + threadIdx.y);
	if (x >= size.width || y >= size.height)
		return;

	Rgba8Quad quad;
	FM_UNROLL
	for (int k = 0; k < 4; ++k)
		quad.at[k] = picturePixel(*picture, maps, x + k % 2, y + k / 2);
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
