/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <gst/gst.h>

#include "visualizer.h"

/**
 * \brief GStreamer's CUDA memory, in the context that the model's device has
 *
 * Memory of other contexts is none that the model can read or draw into. Where GStreamer has no
 * CUDA, or the plugin was built without, nothing is ever usable. For any thread.
 */
class CudaMemory
{
public:
	CudaMemory();
	~CudaMemory();
	CudaMemory(const CudaMemory &) = delete;
	CudaMemory &operator=(const CudaMemory &) = delete;

	/** \brief Takes the \a context of a model on \a device, as a user names that */
	void adopt(std::optional<fm::CudaContext> context, const std::string &device);
	/** \brief The same before there is a model, with the context that it is going to have */
	void expect(const std::string &device);

	bool isUsable() const;
	/** \brief Tells the neighbours, so that theirs is the same context */
	void announce(GstElement *element) const;
	/** \brief Answers a CONTEXT \a query with the context that a model on \a device is going to
	 * have; false where it asks for something else
	 *
	 * Neighbours ask before there is a model: theirs has to be that.
	 */
	bool answer(GstElement *element, GstQuery *query, const std::string &device);

	/** \brief Whether the model can get at the memory of \a buffer */
	bool holds(GstBuffer *buffer) const;
	/** \brief Whether buffers of \a pool hold such memory */
	bool isFrom(GstBufferPool *pool) const;
	/** \brief A pool of such buffers, not configured yet; (transfer full) */
	GstBufferPool *newPool() const;
	/** \brief Offers a pool of \a buffers at least to an ALLOCATION \a query for \a caps of
	 * such memory, which the sink's template has */
	void offerPool(GstQuery *query, GstCaps *caps, unsigned buffers) const;

	/** \brief What to add to the flags that such memory is mapped with */
	static GstMapFlags mapFlag();
	/** \brief Waits until the device has done what it was told to do to a mapped \a buffer */
	static void waitFor(GstBuffer *buffer);

private:
	/** \brief Whether the context is that of \a device */
	bool isOf(const std::string &device) const;

	struct Context;
	std::unique_ptr<Context> context_;
};

/** \brief Name of the caps feature of such memory */
constexpr const char *cudaMemoryFeature = "memory:CUDAMemory";
