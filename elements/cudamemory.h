/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <optional>

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

	void adopt(std::optional<fm::CudaContext> context);

	bool isUsable() const;
	/** \brief Tells the neighbours, so that theirs is the same context */
	void announce(GstElement *element) const;
	/**
	 * \brief Answers a CONTEXT \a query; false where it asks for something else
	 *
	 * Neighbours ask before there is a model: theirs has to be the context that one on
	 * \a device is going to have.
	 */
	bool answer(GstElement *element, GstQuery *query, const std::string &device);

	/** \brief Whether the model can get at the memory of \a buffer */
	bool holds(GstBuffer *buffer) const;
	/** \brief Whether buffers of \a pool hold such memory */
	bool isFrom(GstBufferPool *pool) const;
	/** \brief A pool of such buffers, not configured yet; (transfer full) */
	GstBufferPool *newPool() const;
	/** \brief Offers a pool where an ALLOCATION \a query is for such memory */
	void offerPool(GstQuery *query) const;

	/** \brief What to add to the flags that such memory is mapped with */
	static GstMapFlags mapFlag();

private:
	struct Context;
	std::unique_ptr<Context> context_;
};

/** \brief Name of the caps feature of such memory */
constexpr const char *cudaMemoryFeature = "memory:CUDAMemory";
