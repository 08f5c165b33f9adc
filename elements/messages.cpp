/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "messages.h"

#include "debug.h"

namespace {

/* An array of structures, one for each of \a levels. */
template<typename Level, typename ToStructure>
void setLevels(GstStructure *structure, std::span<const Level> levels, ToStructure &&toStructure)
{
	g_auto(GValue) array = G_VALUE_INIT;
	gst_value_array_init(&array, static_cast<guint>(levels.size()));
	for (const Level &level : levels) {
		g_auto(GValue) value = G_VALUE_INIT;
		g_value_init(&value, GST_TYPE_STRUCTURE);
		g_value_take_boxed(&value, toStructure(level));
		gst_value_array_append_value(&array, &value);
	}
	gst_structure_set_value(structure, "levels", &array);
}

GstMessage *modelMessage(GstObject *source, const fm::ModelInfo &model)
{
	GstStructure *structure = gst_structure_new(
		"featuremosaic-model", "backbone", G_TYPE_STRING, model.backbone.c_str(), "device",
		G_TYPE_STRING, model.device.c_str(), "precision", G_TYPE_STRING,
		model.precision.c_str(), "weights", G_TYPE_STRING,
		model.weights.empty() ? nullptr : model.weights.c_str(), nullptr);

	setLevels(structure, std::span<const fm::Level>(model.levels), [](const fm::Level &level) {
		return gst_structure_new("level", "name", G_TYPE_STRING, level.name.c_str(),
		                         "channels", G_TYPE_INT, level.channels, "stride",
		                         G_TYPE_INT, level.stride, nullptr);
	});
	return gst_message_new_element(source, structure);
}

GstStructure *levelStructure(const fm::LevelStatistics &level)
{
	return gst_structure_new("level", "name", G_TYPE_STRING, level.level.c_str(), "channels",
	                         G_TYPE_INT, level.channels, "min", G_TYPE_DOUBLE, level.min, "max",
	                         G_TYPE_DOUBLE, level.max, "mean", G_TYPE_DOUBLE, level.mean, "std",
	                         G_TYPE_DOUBLE, level.deviation, "zeros", G_TYPE_DOUBLE,
	                         level.zeros, "nan", G_TYPE_UINT64, guint64{ level.notNumbers },
	                         "dead", G_TYPE_INT, level.dead, nullptr);
}

} /* namespace */

void announceModel(GstElement *element, const fm::ModelInfo &model)
{
	GST_INFO_OBJECT(element, "%s in %s on %s", model.backbone.c_str(), model.precision.c_str(),
	                model.device.c_str());
	gst_element_post_message(element, modelMessage(GST_OBJECT(element), model));
	for (const std::string &warning : model.warnings)
		GST_ELEMENT_WARNING(element, RESOURCE, SETTINGS, ("%s", warning.c_str()),
		                    (nullptr));
}

FrameTime FrameTime::of(const GstSegment &segment, GstBuffer *buffer)
{
	const GstClockTime timestamp = GST_BUFFER_PTS(buffer);
	if (segment.format != GST_FORMAT_TIME)
		return { GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE };
	return { gst_segment_to_running_time(&segment, GST_FORMAT_TIME, timestamp),
		 gst_segment_to_stream_time(&segment, GST_FORMAT_TIME, timestamp) };
}

void announceStats(GstElement *element, FrameTime time, const FrameStats &frames,
                   std::span<const fm::LevelStatistics> levels)
{
	GstStructure *structure = gst_structure_new(
		"featuremosaic-stats", "running-time", GST_TYPE_CLOCK_TIME, time.running,
		"stream-time", GST_TYPE_CLOCK_TIME, time.stream, "frames-in", G_TYPE_UINT64,
		frames.in, "frames-out", G_TYPE_UINT64, frames.out, "frames-dropped", G_TYPE_UINT64,
		frames.dropped, "time-mean", GST_TYPE_CLOCK_TIME, frames.meanTime, "time-p95",
		GST_TYPE_CLOCK_TIME, frames.p95Time, nullptr);
	setLevels(structure, levels, levelStructure);
	gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), structure));
}
