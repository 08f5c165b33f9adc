/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <atomic>

#include <gst/video/video.h>

#include "conveyor.h"
#include "guard.h"
#include "input.h"
#include "latency.h"
#include "livemodel.h"
#include "modelloader.h"
#include "outputs.h"
#include "pinnedmemory.h"
#include "qos.h"
#include "settings.h"
#include "stats.h"

/** \brief All that an element has besides its pads */
struct State {
	explicit State(GstElement *element)
		: element(element), loader([=, this](const fm::Error &error) {
			  settings.settle();
			  postError(element, error, GST_MESSAGE_WARNING);
		  })
	{
	}

	GstElement *const element; /* That has it. */

	/* For any thread, as they keep their own locks. */
	Settings settings{ loader };
	ModelLoader loader;

	Qos qos;
	Stats stats;
	CudaMemory cuda;                    /* For any thread, as it keeps its own lock. */
	PinnedMemory pinned;                /* For any thread, as it keeps its own lock. */
	std::atomic<bool> isOnHost = false; /* There is a model, and it takes no CUDA memory. */

	Latency latency;

	/* Numbers of the next pads that are asked for. */
	std::atomic<unsigned> nextSource = 0;
	std::atomic<unsigned> nextTensor = 0;

	/* Of the streaming thread, which has the sink pad's stream lock. */
	GstSegment segment;
	Input input;
	bool afterDrop = false;    /* The next buffer is discontinuous. */
	unsigned sinceNetwork = 0; /* Frames since the network ran last. */
	Outputs outputs;
	LiveModel model{ outputs, settings, loader };
	Conveyor conveyor; /* Frames in flight; what they use is above. */
};
