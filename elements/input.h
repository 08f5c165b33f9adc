/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include "cudamemory.h"

/** \brief The sink pad's video, as the streaming thread sees it */
class Input
{
public:
	/** \brief Whether \a caps are of video; without, there are none in effect any more */
	bool setCaps(const GstCaps *caps);
	void reset() { hasCaps_ = false; }

	bool hasCaps() const { return hasCaps_; }
	const GstVideoInfo &info() const { return info_; }

	/**
	 * \brief Tells in the log, once for the caps, of a \a buffer that is in CUDA memory and yet
	 * has to be copied through system memory
	 */
	void checkMemory(GstElement *element, GstBuffer *buffer, const CudaMemory &cuda);

private:
	GstVideoInfo info_ = {};
	bool hasCaps_ = false;
	bool isChecked_ = false; /* No more to tell for the caps. */
};
