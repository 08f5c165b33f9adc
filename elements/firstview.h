/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vector>

#include <gst/video/video.h>

#include "visualizer.h"

/** \brief What a model is going to show, for it to be made ready beforehand */
struct FirstView {
	struct Part {
		fm::ViewSettings settings;
		fm::MosaicLayout layout;
	};

	GstVideoInfo input;
	std::vector<Part> parts; /**< Of all pictures */

	/** \brief Makes \a visualizer ready; \throws fm::Error */
	void warmUp(fm::Visualizer &visualizer) const
	{
		if (GST_VIDEO_INFO_FPS_N(&input) == 0)
			return; /* A still: to run beforehand would gain nothing. */
		std::vector<fm::ViewState> states(parts.size());
		std::vector<fm::ViewPass> views;
		for (std::size_t i = 0; i < parts.size(); ++i)
			views.push_back({ states[i], parts[i].settings, parts[i].layout });
		visualizer.warmUp({ GST_VIDEO_INFO_WIDTH(&input), GST_VIDEO_INFO_HEIGHT(&input) },
		                  views);
	}
};
