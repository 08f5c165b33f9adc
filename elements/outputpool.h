/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "cudamemory.h"
#include "ownedbuffer.h"

/** \brief Buffers for a source pad, from the pool that its peer offers or one of its own */
class OutputPool
{
public:
	OutputPool() = default;
	~OutputPool() { release(); }
	OutputPool(const OutputPool &) = delete;
	OutputPool &operator=(const OutputPool &) = delete;

	/**
	 * \brief Asks the peer of \a pad for a pool for buffers of \a caps, of \a bytes at least
	 *
	 * For caps of CUDA memory one of \a cuda is taken. Where the peer does not ask for memory
	 * of its own, system memory is that of \a preferred, if there is one.
	 *
	 * \throws fm::Error OutOfMemory on the device, Internal
	 */
	void configure(GstPad *pad, GstCaps *caps, std::size_t bytes, const CudaMemory &cuda,
	               GstAllocator *preferred = nullptr);
	void release();

	/**
	 * \brief A buffer to write to, or what gst_buffer_pool_acquire_buffer() says
	 * \throws fm::Error OutOfMemory on the device
	 */
	GstFlowReturn acquire(OwnedBuffer &buffer);

private:
	GstBufferPool *pool_ = nullptr;
	bool isOfDevice_ = false;
};
