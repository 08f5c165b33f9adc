/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "framekernels.h"

#include "kernel.h"

namespace fm {

namespace {

constexpr int blockWidth = 32;
constexpr int blockHeight = 8;
constexpr int rowsPerThread = 4;

/* One pixel of the input, in one store where it has four channels. */
template<typename T, int channels>
struct alignas(channels == 4 ? 4 * sizeof(T) : sizeof(T)) Pixel {
	T at[channels];
};

/* A thread goes down a column: what its pixels share is found once. */
template<typename T, int channels>
__global__ void networkInput(const Frame *onDevice, InputShape shape, const SampleTable *table,
                             Pixel<T, channels> *input)
{
	const int x = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
	const int first = static_cast<int>(blockIdx.y * (rowsPerThread * blockDim.y) + threadIdx.y);
	if (x >= shape.padded.width)
		return;
	const Frame frame = *onDevice;
	withFormat(frame.format, [&]<PixelFormat format>() {
		for (int k = 0; k < rowsPerThread; ++k) {
			const int y = first + k * static_cast<int>(blockDim.y);
			if (y >= shape.padded.height)
				break;
			const InputPixel value = inputPixel<format>(frame, shape, *table, x, y);
			Pixel<T, channels> pixel;
			for (int c = 0; c < channels; ++c)
				fromFloat(c < 3 ? value.at[c] : 0.0f, pixel.at[c]);
			input[static_cast<std::ptrdiff_t>(y) * shape.padded.width + x] = pixel;
		}
	});
}

} /* namespace */

void launchNetworkInput(const Frame *frame, const InputShape &shape, const SampleTable *table,
                        ElementType type, int channels, void *input, CUstream_st *stream)
{
	const dim3 block(blockWidth, blockHeight);
	const dim3 grid(blocksFor(shape.padded.width, blockWidth),
	                blocksFor(shape.padded.height, rowsPerThread * blockHeight));
	withElementType(type, [&](auto example) {
		using T = decltype(example);
		if (channels == 4)
			launch(networkInput<T, 4>, grid, block, stream, frame, shape, table,
			       static_cast<Pixel<T, 4> *>(input));
		else
			launch(networkInput<T, 3>, grid, block, stream, frame, shape, table,
			       static_cast<Pixel<T, 3> *>(input));
	});
}

} /* namespace fm */
