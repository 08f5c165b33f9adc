/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <mutex>

#include <gst/gst.h>

#include "visualizer.h"

/**
 * \brief System memory that the model's device reads and writes by itself
 *
 * Offered to neighbours, so that no processor has to copy frames between their memory and what the
 * device gets at. For any thread.
 */
class PinnedMemory
{
public:
	PinnedMemory() = default;
	~PinnedMemory() { gst_clear_object(&allocator_); }
	PinnedMemory(const PinnedMemory &) = delete;
	PinnedMemory &operator=(const PinnedMemory &) = delete;

	/** \brief Takes a model's; an empty function is for a model on the host */
	void adopt(fm::HostMemory allocate);

	/** \brief An allocator of such memory, which outlives this; (transfer full), or null for a
	 * model on the host
	 *
	 * Where it can have none it gives GStreamer's own.
	 */
	GstAllocator *allocator() const;
	/** \brief Offers such memory, and a pool of \a buffers at least, to an ALLOCATION \a query
	 * for video \a caps of system memory
	 */
	void offer(GstQuery *query, GstCaps *caps, unsigned buffers) const;

	/** \brief Whether all of \a buffer is such memory */
	static bool holds(GstBuffer *buffer);

private:
	mutable std::mutex mutex_; /* Innermost; protects all below. */
	GstAllocator *allocator_ = nullptr;
};
