/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <set>
#include <sstream>
#include <string>

#include "fixture.h"

/** \brief The element between "src" and pads that are asked for */
class Views : public Mosaic
{
public:
	static constexpr int width = 96;
	static constexpr int height = 64;

	explicit Views(const std::string &properties = "") : Mosaic(properties)
	{
		setInput(width, height);
	}

	GstPad *src() const { return GST_PAD_PEER(harness()->sinkpad); }
	void unlinkSrc() const { gst_pad_unlink(src(), harness()->sinkpad); }

	GstFlowReturn next()
	{
		const unsigned number = count_++;
		return push(frame(number, number));
	}

	/* Until something happens or many frames have passed: with several in flight what became of
	 * one is told to a later one. */
	GstFlowReturn untilNotOk()
	{
		GstFlowReturn flow = GST_FLOW_OK;
		for (int i = 0; i < 20 && flow == GST_FLOW_OK; ++i)
			flow = next();
		return flow;
	}

	/* A serialized event waits for the frames before it. */
	void drain() const
	{
		gst_harness_push_event(harness(), gst_event_new_gap(count_ * 40 * GST_MSECOND, 0));
	}

	void flush() const
	{
		gst_harness_push_event(harness(), gst_event_new_flush_start());
		gst_harness_push_event(harness(), gst_event_new_flush_stop(TRUE));
		GstSegment segment;
		gst_segment_init(&segment, GST_FORMAT_TIME);
		gst_harness_push_event(harness(), gst_event_new_segment(&segment));
	}

	/* Levels that the last statistics are of: those that are shown. */
	std::set<std::string> levels() const
	{
		std::set<std::string> names;
		for (const auto &message : messages(GST_MESSAGE_ELEMENT)) {
			if (!gst_message_has_name(message.get(), "featuremosaic-stats"))
				continue;
			names.clear();
			const GValue *all = gst_structure_get_value(
				gst_message_get_structure(message.get()), "levels");
			for (guint i = 0; i < gst_value_array_get_size(all); ++i)
				names.insert(gst_structure_get_string(
					gst_value_get_structure(gst_value_array_get_value(all, i)),
					"name"));
		}
		return names;
	}

	unsigned pushed() const { return count_; }

private:
	unsigned count_ = 0;
};

using Levels = std::set<std::string>;

/** \brief Sets what \a settings say, as in a launch line, on a \a pad of \a element */
inline void setAll(GstElement *element, const std::string &pad, const std::string &settings)
{
	std::istringstream words(settings);
	for (std::string word; words >> word;) {
		const auto equals = word.find('=');
		GObject *child =
			gst_child_proxy_get_child_by_name(GST_CHILD_PROXY(element), pad.c_str());
		gst_util_set_object_arg(child, word.substr(0, equals).c_str(),
		                        word.substr(equals + 1).c_str());
		g_object_unref(child);
	}
}

/** \brief With one in flight all is done as it is pushed, with more on threads of the element */
class AnyInFlight : public testing::TestWithParam<const char *>
{
public:
	static auto counts() { return testing::Values("max-in-flight=1", "max-in-flight=3"); }
	static std::string name(const testing::TestParamInfo<const char *> &info)
	{
		return info.index == 0 ? "One" : "Three";
	}
};
