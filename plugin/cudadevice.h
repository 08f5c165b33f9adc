/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include <c10/core/Stream.h>

#include "backbone/backbonekernels.h"
#include "frame/framekernels.h"
#include "frame/packed.h"
#include "view/viewkernels.h"

namespace fm {

/** \brief What is put in order on a device side by side: frames in, work on them, pictures out */
enum class Lane { Upload, Compute, Download };

/** \brief A place in the order of a lane that others can wait for */
class CudaEvent
{
public:
	virtual ~CudaEvent() = default;

	/** \brief Is behind all that \a lane has been given so far */
	virtual void record(Lane lane) = 0;
	/** \brief What \a lane is given from now on waits for this; the caller does not */
	virtual void holdUp(Lane lane) = 0;
	/** \brief The caller waits; \throws Error where the device failed meanwhile */
	virtual void wait() = 0;
};

/** \brief Work on the lane Compute that was recorded once, to be given to the device as a whole */
class CudaGraph
{
public:
	virtual ~CudaGraph() = default;

	virtual void launch() = 0;
};

/**
 * \brief A CUDA device with lanes of one's own on it, and our kernels for it
 *
 * All but CudaEvent::wait() returns at once: the work is done in its lane's order. Kernels go to
 * the lane Compute, which is LibTorch's current stream where the caller has made stream() so.
 * Functions may be called from several threads, one of them at a time for each lane.
 *
 * Everything throws Error NoDevice where the device fails, OutOfMemory where it is full.
 */
class CudaDevice
{
public:
	virtual ~CudaDevice() = default;

	/** \brief Of \a lane, on the device where tensors are to lie */
	virtual c10::Stream stream(Lane lane = Lane::Compute) const = 0;
	/** \brief Whether host memory for copies has to be page-locked */
	virtual bool wantsPinnedMemory() const = 0;
	virtual std::unique_ptr<CudaEvent> makeEvent() = 0;
	/** \brief Between device and page-locked host memory, or on the device */
	virtual void copy(void *to, const void *from, std::size_t bytes, Lane lane) = 0;
	/** \brief The same for rows, each of \a shape.bytes */
	virtual void copy(const Plane &to, const Plane &from, PlaneShape shape, Lane lane) = 0;
	/**
	 * \brief Records what \a body gives to the lane Compute, which is not done yet
	 *
	 * \a body may be called twice. Meanwhile nobody else gives anything to that lane.
	 */
	virtual std::unique_ptr<CudaGraph> capture(std::function<void()> body) = 0;
	/** \brief Gives memory back to the device that LibTorch keeps and nobody uses */
	virtual void releaseUnusedMemory() = 0;

	/** \brief See launchNetworkInput() */
	virtual void networkInput(const Frame *frame, const InputShape &shape,
	                          const SampleTable *table, ElementType type, int channels,
	                          void *input) = 0;
	/** \brief See launchMaxPool() */
	virtual void maxPool(const DeviceMaps &in, void *out, Size outSize,
	                     PoolingWindow window) = 0;
	/** \brief See launchAddUpsampled() */
	virtual void addUpsampled(const DeviceMaps &coarse, void *fine, Size fineSize) = 0;
	/** \brief See launchForget() */
	virtual void forget(const ViewMemory &memory, int channels) = 0;
	/** \brief See launchRanges() */
	virtual void ranges(const DeviceMaps &maps, const PictureParameters *picture, int tiles,
	                    bool quantiles) = 0;
	/** \brief See launchPicture() */
	virtual void picture(const DeviceMaps &maps, const PictureParameters *picture,
	                     Size size) = 0;
	/** \brief See launchMagnitudes() */
	virtual std::size_t magnitudesScratch(const DeviceMaps &maps) = 0;
	virtual void magnitudes(const DeviceMaps &maps, const void *before, const Boxes *boxes,
	                        void *scratch, float *means) = 0;
	/** \brief See launchMapSums() */
	virtual std::size_t mapSumsScratch(const DeviceMaps &maps) = 0;
	virtual void mapSums(const DeviceMaps &maps, void *scratch, MapSums *sums) = 0;
};

} /* namespace fm */
