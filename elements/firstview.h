/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include "visualizer.h"

/** \brief What a model is going to show, for it to be made ready beforehand */
struct FirstView {
	GstVideoInfo input;
	fm::ViewSettings settings;
	fm::MosaicLayout layout;

	/** \brief Makes \a visualizer ready; \throws fm::Error */
	void warmUp(fm::Visualizer &visualizer) const
	{
		if (GST_VIDEO_INFO_FPS_N(&input) == 0)
			return; /* A still: to run beforehand would gain nothing. */
		fm::ViewState state;
		const fm::ViewPass views[] = { { state, settings, layout } };
		visualizer.warmUp({ GST_VIDEO_INFO_WIDTH(&input), GST_VIDEO_INFO_HEIGHT(&input) },
		                  views);
	}
};
