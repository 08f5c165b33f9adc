/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <span>

#include <gst/gst.h>

#include "stats.h"
#include "visualizer.h"

/** \brief When a frame is shown */
struct FrameTime {
	GstClockTime running, stream;

	static FrameTime of(const GstSegment &segment, GstBuffer *buffer);
};

/** \brief Tells on the bus and in the log that \a model is ready, and warns of its weights */
void announceModel(GstElement *element, const fm::ModelInfo &model);

/** \brief Tells on the bus of \a frames, and of the maps that are shown of the frame at \a time */
void announceStats(GstElement *element, FrameTime time, const FrameStats &frames,
                   std::span<const fm::LevelStatistics> levels);
