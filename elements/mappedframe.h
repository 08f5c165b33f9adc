/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include "cudamemory.h"
#include "frame/frame.h"

/** \brief A buffer's video frame, mapped as long as this lives */
class MappedFrame
{
public:
	/**
	 * \brief On the device where \a cuda holds the buffer's memory, else on the host
	 * \throws fm::Error Unsupported where the buffer does not hold a frame of \a info
	 *
	 * On the device, all that was still to be done to the memory is done then.
	 */
	MappedFrame(const GstVideoInfo &info, GstBuffer *buffer, GstMapFlags flags,
	            const CudaMemory &cuda);
	~MappedFrame();
	MappedFrame(const MappedFrame &) = delete;
	MappedFrame &operator=(const MappedFrame &) = delete;

	/** \brief Of the formats in the pad templates */
	fm::Frame frame() const;

private:
	bool isOnDevice_;
	bool isPinned_;
	fm::Size size_; /* The buffer's own may be larger. */
	GstVideoFrame frame_;
};
