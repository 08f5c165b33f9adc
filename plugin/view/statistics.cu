/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "viewkernels.h"

#include "channelsums.h"
#include "mapsums.h"

namespace fm {

namespace {

/* One for a whole map. */
constexpr int quantileBlockSize = 1024;

/* Values that are worth a block that finds limits, and the most blocks for one set of channels: as
 * nothing has to be kept of each, there may be as many as a large device wants. */
constexpr int valuesPerLimits = 2048;
constexpr int mostLimits = 1024;

constexpr unsigned lowestKey = 0;
constexpr unsigned highestKey = 0xffffffffu;

__device__ unsigned keyOf(float value)
{
	return orderedKey(__float_as_uint(value));
}

__device__ float floatOf(unsigned key)
{
	return __uint_as_float(bitsOfKey(key));
}

__global__ void forget(ViewMemory memory, int channels)
{
	const int channel = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
	if (channel >= channels)
		return;
	memory.limits[2 * channel] = highestKey;
	memory.limits[2 * channel + 1] = lowestKey;
	memory.running[channel] = { NAN, NAN };
}

/* Into the view's limits by atomic operations: the order makes no difference to an extremum. */
template<typename T>
__global__ void findLimits(BasicFeatureMaps<T> maps, const PictureParameters *picture)
{
	__shared__ unsigned low[blockSize];
	__shared__ unsigned high[blockSize];
	const Walk mine = walk(maps);

	unsigned lowest = highestKey;
	unsigned highest = lowestKey;
	if (mine.channel < maps.channels) {
		FM_UNROLL_4
		for (int pixel = mine.begin; pixel < mine.end; pixel += mine.step) {
			/* Adding zero makes 0 of -0. */
			const float value = valueAt(maps, pixel, mine.channel) + 0.0f;
			const unsigned key = keyOf(value);
			const bool isNumber = !isnan(value);
			lowest = isNumber && key < lowest ? key : lowest;
			highest = isNumber && key > highest ? key : highest;
		}
	}
	low[threadIdx.x] = lowest;
	high[threadIdx.x] = highest;
	__syncthreads();

	if (mine.channel >= maps.channels || mine.lane != 0)
		return;
	for (int lane = 1; lane < mine.lanes; ++lane) {
		const int slot = lane * mine.pitch + static_cast<int>(threadIdx.x);
		lowest = low[slot] < lowest ? low[slot] : lowest;
		highest = high[slot] > highest ? high[slot] : highest;
	}
	unsigned *limits = picture->memory.limits + 2 * mine.channel;
	atomicMin(limits, lowest);
	atomicMax(limits + 1, highest);
}

/* What is shared by the threads of the block that turns limits into ranges. */
struct LevelRange {
	float low[blockSize];
	float high[blockSize];
};

__device__ Range foundRange(const unsigned *limits)
{
	if (limits[0] > limits[1])
		return { 0.0f, 0.0f };
	return { floatOf(limits[0]), floatOf(limits[1]) };
}

__device__ Range levelRange(const PictureParameters &picture, LevelRange &shared)
{
	const int thread = static_cast<int>(threadIdx.x);
	Range mine = { INFINITY, -INFINITY };
	for (int k = thread; k < picture.tileCount; k += blockSize)
		mine = joined(mine, picture.memory.found[k]);
	shared.low[thread] = mine.low;
	shared.high[thread] = mine.high;
	__syncthreads();
	for (int half = blockSize / 2; half > 0; half /= 2) {
		if (thread < half) {
			const Range both =
				joined({ shared.low[thread], shared.high[thread] },
			               { shared.low[thread + half], shared.high[thread + half] });
			shared.low[thread] = both.low;
			shared.high[thread] = both.high;
		}
		__syncthreads();
	}
	return { shared.low[0], shared.high[0] };
}

__device__ Range runningRange(const PictureParameters &picture, int channel, Range now)
{
	Range &average = picture.memory.running[channel];
	average = isnan(average.low) ? now : smoothed(average, now);
	return average;
}

/* The range of tile \a k, but for what its first tile of the channel says. */
__device__ Range tileRange(const PictureParameters &picture, int k, Range level)
{
	const Range found = picture.memory.found[k];
	switch (picture.normalize) {
	case Normalize::Tile:
		return found;
	case Normalize::Level:
		return level;
	case Normalize::Fixed:
		return picture.fixed;
	case Normalize::Running:
		return picture.tiles[k].first == k
		               ? runningRange(picture, picture.tiles[k].channel, found)
		               : found;
	case Normalize::Robust:
		return picture.memory.ranges[k]; /* Found by findQuantiles(). */
	case Normalize::Signed:
		break;
	}
	return symmetric(found);
}

/* One block. Leaves the limits as the next frame wants them. */
__global__ void setRanges(const PictureParameters *parameters, int channels)
{
	__shared__ LevelRange shared;
	const PictureParameters &picture = *parameters;
	const ViewMemory &memory = picture.memory;
	const int thread = static_cast<int>(threadIdx.x);

	for (int k = thread; k < picture.tileCount; k += blockSize)
		memory.found[k] = foundRange(memory.limits + 2 * picture.tiles[k].place);
	__syncthreads();
	const Range level = levelRange(picture, shared);
	for (int channel = thread; channel < channels; channel += blockSize) {
		memory.limits[2 * channel] = highestKey;
		memory.limits[2 * channel + 1] = lowestKey;
	}
	for (int k = thread; k < picture.tileCount; k += blockSize)
		memory.ranges[k] = tileRange(picture, k, level);
	__syncthreads();
	if (picture.normalize == Normalize::Running)
		for (int k = thread; k < picture.tileCount; k += blockSize)
			memory.ranges[k] = memory.ranges[picture.tiles[k].first];
	for (int k = thread; k < picture.rangeTexts; k += blockSize)
		memory.texts[k] = rangeText(memory.ranges[k]);
	/* In another warp than the first of those. */
	if (thread == blockSize - 1)
		*memory.header = rangeText(level);
}

/* The values of one map in order, without sorting them: digit by digit, as radix sort goes. */
template<typename T>
class MapOrder
{
public:
	struct Shared {
		int histogram[256];
		unsigned prefix;
		int rank, count;
		unsigned next;
	};

	__device__ MapOrder(const BasicFeatureMaps<T> &maps, int place, Shared &shared)
		: maps_(maps), place_(place), shared_(shared)
	{
	}

	/* Of the numbers. */
	__device__ int count()
	{
		if (threadIdx.x == 0)
			shared_.count = 0;
		__syncthreads();
		int mine = 0;
		forEach([&](unsigned) { ++mine; });
		atomicAdd(&shared_.count, mine);
		__syncthreads();
		return shared_.count;
	}

	/* Linear between neighbours, as numpy.quantile; of \a count numbers, at least one. */
	__device__ float quantile(double q, int count)
	{
		const double position = q * (count - 1);
		const int rank = static_cast<int>(position);
		const double low = floatOf(select(rank));
		const double high = floatOf(shared_.next);
		return static_cast<float>(low + (high - low) * (position - rank));
	}

private:
	template<typename Visit>
	__device__ void forEach(Visit &&visit)
	{
		const int pixels = maps_.height * maps_.width;
		for (int pixel = static_cast<int>(threadIdx.x); pixel < pixels;
		     pixel += static_cast<int>(blockDim.x)) {
			const float value = valueAt(maps_, pixel, place_);
			if (!isnan(value))
				visit(keyOf(value));
		}
	}

	/* The key of \a rank from the lowest, 0; the one after it is in shared_.next. */
	__device__ unsigned select(int rank)
	{
		if (threadIdx.x == 0) {
			shared_.prefix = 0;
			shared_.rank = rank;
		}
		for (int shift = 24; shift >= 0; shift -= 8)
			selectDigit(shift);
		const unsigned key = shared_.prefix;
		/* Of those equal to it one more may follow. */
		const bool repeated = shared_.rank + 1 < shared_.histogram[key & 0xff];
		__syncthreads();
		if (threadIdx.x == 0)
			shared_.next = repeated ? key : highestKey;
		__syncthreads();
		forEach([&](unsigned other) {
			if (other > key)
				atomicMin(&shared_.next, other);
		});
		__syncthreads();
		if (threadIdx.x == 0 && (repeated || shared_.next == highestKey))
			shared_.next = key;
		__syncthreads();
		return key;
	}

	__device__ void selectDigit(int shift)
	{
		for (unsigned bin = threadIdx.x; bin < 256; bin += blockDim.x)
			shared_.histogram[bin] = 0;
		__syncthreads();
		const unsigned prefix = shared_.prefix;
		const unsigned known = shift == 24 ? 0 : 0xffffffffu << (shift + 8);
		forEach([&](unsigned key) {
			if ((key & known) == prefix)
				atomicAdd(&shared_.histogram[key >> shift & 0xff], 1);
		});
		__syncthreads();
		if (threadIdx.x == 0) {
			unsigned bin = 0;
			while (shared_.rank >= shared_.histogram[bin])
				shared_.rank -= shared_.histogram[bin++];
			shared_.prefix = prefix | bin << shift;
		}
		__syncthreads();
	}

	const BasicFeatureMaps<T> &maps_;
	int place_;
	Shared &shared_;
};

/* One block for each tile. */
template<typename T>
__global__ void findQuantiles(BasicFeatureMaps<T> maps, const PictureParameters *picture)
{
	__shared__ typename MapOrder<T>::Shared shared;
	const int k = static_cast<int>(blockIdx.x);
	if (k >= picture->tileCount)
		return;
	MapOrder<T> order(maps, picture->tiles[k].place, shared);
	const int count = order.count();
	Range range = { 0.0f, 0.0f };
	if (count > 0) {
		range.low = order.quantile(robustLow, count);
		range.high = order.quantile(robustHigh, count);
	}
	if (threadIdx.x == 0)
		picture->memory.ranges[k] = range;
}

/* Means of |value| of what boxes touch, or of all, less that of the rest, and what is needed to
 * find them in parts. */
struct Magnitude {
	double inside, outside;
	int insideCount, outsideCount;

	__device__ static Magnitude startingAt(float) { return { 0.0, 0.0, 0, 0 }; }
	__device__ void add(float value, bool isInside)
	{
		if (isnan(value))
			return;
		(isInside ? inside : outside) += static_cast<double>(fabsf(value));
		++(isInside ? insideCount : outsideCount);
	}
	__device__ void join(const Magnitude &other)
	{
		inside += other.inside;
		outside += other.outside;
		insideCount += other.insideCount;
		outsideCount += other.outsideCount;
	}
	__device__ static double mean(double sum, int count)
	{
		return count != 0 ? sum / count : 0.0;
	}
	__device__ float result() const
	{
		return static_cast<float>(mean(inside, insideCount) - mean(outside, outsideCount));
	}
};

__global__ void markBoxes(const Boxes *boxes, Size size, uint8_t *marks)
{
	const int pixel = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
	if (pixel < size.width * size.height)
		marks[pixel] = boxes->empty() ||
		               boxes->touch(size, pixel % size.width, pixel / size.width);
}

} /* namespace */

void launchForget(const ViewMemory &memory, int channels, CUstream_st *stream)
{
	launch(forget, blocksFor(channels, blockSize), blockSize, stream, memory, channels);
}

void launchRanges(const DeviceMaps &maps, const PictureParameters *picture, int tiles,
                  bool quantiles, CUstream_st *stream)
{
	withElementType(maps.type, [&](auto example) {
		using T = decltype(example);
		const auto typed = maps.as<T>();
		launch(findLimits<T>, walkGrid(typed, valuesPerLimits, mostLimits), blockSize,
		       stream, typed, picture);
		if (quantiles && tiles > 0)
			launch(findQuantiles<T>, static_cast<unsigned>(tiles), quantileBlockSize,
			       stream, typed, picture);
	});
	launch(setRanges, 1, blockSize, stream, picture, maps.channels);
}

std::size_t magnitudesScratch(const DeviceMaps &maps)
{
	return partsBytes<Magnitude>(maps) + static_cast<std::size_t>(maps.width) * maps.height;
}

void launchMagnitudes(const DeviceMaps &maps, const void *before, const Boxes *boxes, void *scratch,
                      float *means, CUstream_st *stream)
{
	uint8_t *marks = nullptr;
	if (boxes) {
		const Size size = { maps.width, maps.height };
		marks = static_cast<uint8_t *>(scratch) + partsBytes<Magnitude>(maps);
		launch(markBoxes, blocksFor(size.width * size.height, blockSize), blockSize, stream,
		       boxes, size, marks);
	}
	launchSums<Magnitude>(maps, { before, marks }, scratch, means, stream);
}

std::size_t mapSumsScratch(const DeviceMaps &maps)
{
	return partsBytes<MapSums>(maps);
}

void launchMapSums(const DeviceMaps &maps, void *scratch, MapSums *sums, CUstream_st *stream)
{
	launchSums<MapSums>(maps, {}, scratch, sums, stream);
}

} /* namespace fm */
