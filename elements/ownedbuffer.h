/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>

#include <gst/gst.h>

struct BufferUnref {
	void operator()(GstBuffer *buffer) const { gst_buffer_unref(buffer); }
};

using OwnedBuffer = std::unique_ptr<GstBuffer, BufferUnref>;
