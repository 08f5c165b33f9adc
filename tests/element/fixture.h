/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <gtest/gtest.h>

struct Release {
	void operator()(GstBuffer *buffer) const { gst_buffer_unref(buffer); }
	void operator()(GstCaps *caps) const { gst_caps_unref(caps); }
	void operator()(GstEvent *event) const { gst_event_unref(event); }
	void operator()(GstMessage *message) const { gst_message_unref(message); }
	void operator()(GstQuery *query) const { gst_query_unref(query); }
	void operator()(GstSample *sample) const { gst_sample_unref(sample); }
	void operator()(GstBus *bus) const { gst_object_unref(bus); }
	void operator()(GstPad *pad) const { gst_object_unref(pad); }
	void operator()(GstElement *element) const
	{
		gst_element_set_state(element, GST_STATE_NULL);
		gst_object_unref(element);
	}
	void operator()(GstHarness *harness) const { gst_harness_teardown(harness); }
};

template<typename T>
using Owned = std::unique_ptr<T, Release>;

using Bytes = std::vector<uint8_t>;

inline Bytes bytesOf(GstBuffer *buffer)
{
	Bytes bytes(gst_buffer_get_size(buffer));
	gst_buffer_extract(buffer, 0, bytes.data(), bytes.size());
	return bytes;
}

inline std::string rawCaps(int width, int height, const char *format = "RGB")
{
	return std::string("video/x-raw,format=") + format + ",width=" + std::to_string(width) +
	       ",height=" + std::to_string(height) + ",framerate=25/1";
}

inline GstVideoInfo videoInfo(const std::string &caps)
{
	const Owned<GstCaps> parsed(gst_caps_from_string(caps.c_str()));
	GstVideoInfo info;
	if (!gst_video_info_from_caps(&info, parsed.get()))
		throw std::runtime_error("not raw video: " + caps);
	return info;
}

/** \brief A frame of noise, another one for each \a seed */
inline Owned<GstBuffer> noise(const GstVideoInfo &info, unsigned seed)
{
	std::mt19937 random(seed);
	Bytes bytes(GST_VIDEO_INFO_SIZE(&info));
	for (uint8_t &byte : bytes)
		byte = static_cast<uint8_t>(random());
	return Owned<GstBuffer>(gst_buffer_new_memdup(bytes.data(), bytes.size()));
}

/** \brief The text of an ERROR or a WARNING on the bus */
struct Report {
	GQuark domain;
	int code;
	std::string sentence; /**< For a person */
	std::string debug;

	bool is(GQuark d, int c) const { return domain == d && code == c; }
};

inline Report reportOf(GstMessage *message)
{
	GError *error = nullptr;
	gchar *debug = nullptr;
	if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
		gst_message_parse_error(message, &error, &debug);
	else
		gst_message_parse_warning(message, &error, &debug);
	Report report = { error->domain, error->code, error->message, debug ? debug : "" };
	g_error_free(error);
	g_free(debug);
	return report;
}

/** \brief The element between two pads of the test's own, playing */
class Mosaic
{
public:
	/** \a properties as in a launch line */
	explicit Mosaic(const std::string &properties = "", const char *sinkCaps = nullptr)
		: bus_(gst_bus_new())
	{
		/* One in flight, wherever the model is: frames come out as they are put in. */
		const std::string line =
			"featuremosaic backbone=mobilenet-v2 max-in-flight=1 " + properties;
		GstElement *element = gst_parse_launch(line.c_str(), nullptr);
		if (!element)
			throw std::runtime_error("no element: " + line);
		gst_object_ref_sink(element);
		gst_element_set_bus(element, bus_.get());
		harness_.reset(gst_harness_new_with_element(element, "sink", "src"));
		gst_object_unref(element);
		if (sinkCaps)
			gst_harness_set_sink_caps_str(harness_.get(), sinkCaps);
	}

	~Mosaic()
	{
		gst_element_set_bus(element(), nullptr);
		gst_bus_set_flushing(bus_.get(), TRUE);
	}

	GstHarness *harness() const { return harness_.get(); }
	GstElement *element() const { return harness_->element; }

	void setInput(const std::string &caps)
	{
		input_ = videoInfo(caps);
		gst_harness_set_src_caps_str(harness_.get(), caps.c_str());
	}
	void setInput(int width, int height, const char *format = "RGB")
	{
		setInput(rawCaps(width, height, format));
	}
	const GstVideoInfo &input() const { return input_; }

	/** \brief Frame \a number at 25 frames a second, with \a seed 's picture */
	Owned<GstBuffer> frame(unsigned number, unsigned seed) const
	{
		Owned<GstBuffer> buffer = noise(input_, seed);
		GST_BUFFER_PTS(buffer.get()) = number * 40 * GST_MSECOND;
		GST_BUFFER_DURATION(buffer.get()) = 40 * GST_MSECOND;
		return buffer;
	}

	GstFlowReturn push(Owned<GstBuffer> buffer) const
	{
		return gst_harness_push(harness_.get(), buffer.release());
	}

	/** \brief What came out and was not pulled yet; null for nothing */
	Owned<GstBuffer> pull() const
	{
		return Owned<GstBuffer>(gst_harness_buffers_in_queue(harness_.get()) > 0
		                                ? gst_harness_pull(harness_.get())
		                                : nullptr);
	}

	/** \brief The output for the next frame; null for none */
	Owned<GstBuffer> process(unsigned seed)
	{
		Owned<GstBuffer> buffer = frame(count_++, seed);
		for (const Roi &roi : rois_)
			gst_buffer_add_video_region_of_interest_meta(buffer.get(), "thing", roi.x,
			                                             roi.y, roi.width, roi.height);
		EXPECT_EQ(push(std::move(buffer)), GST_FLOW_OK);
		return pull();
	}

	struct Roi {
		guint x, y, width, height;
	};
	/** \brief Regions of interest of the next frames */
	void setRois(std::vector<Roi> rois) { rois_ = std::move(rois); }

	/** \brief The output's bytes for the next frame; empty for none */
	Bytes picture(unsigned seed = 1)
	{
		const Owned<GstBuffer> buffer = process(seed);
		return buffer ? bytesOf(buffer.get()) : Bytes();
	}

	Owned<GstCaps> outputCaps() const
	{
		return Owned<GstCaps>(gst_pad_get_current_caps(harness_->sinkpad));
	}

	GstVideoInfo output() const
	{
		const Owned<GstCaps> caps = outputCaps();
		GstVideoInfo info;
		if (!caps || !gst_video_info_from_caps(&info, caps.get()))
			throw std::runtime_error("no output caps");
		return info;
	}

	/** \brief A property's value, as in a launch line */
	void set(const char *name, const char *value) const
	{
		gst_util_set_object_arg(G_OBJECT(element()), name, value);
	}

	std::string get(const char *name) const
	{
		gchar *text = nullptr;
		g_object_get(element(), name, &text, nullptr);
		std::string value = text ? text : "";
		g_free(text);
		return value;
	}

	/** \brief Takes the events that came out and counts those of \a type */
	int countEvents(GstEventType type) const
	{
		int count = 0;
		while (gst_harness_events_in_queue(harness_.get()) > 0) {
			const Owned<GstEvent> event(gst_harness_pull_event(harness_.get()));
			count += GST_EVENT_TYPE(event.get()) == type;
		}
		return count;
	}

	/** \brief Takes the messages of \a types off the bus, drops the older ones between */
	std::vector<Owned<GstMessage>> messages(int types) const
	{
		std::vector<Owned<GstMessage>> found;
		while (GstMessage *message =
		               gst_bus_pop_filtered(bus_.get(), static_cast<GstMessageType>(types)))
			found.emplace_back(message);
		return found;
	}

	std::vector<Report> reports(GstMessageType type) const
	{
		std::vector<Report> found;
		for (const auto &message : messages(type))
			found.push_back(reportOf(message.get()));
		return found;
	}

private:
	Owned<GstBus> bus_;
	Owned<GstHarness> harness_;
	GstVideoInfo input_ = {};
	unsigned count_ = 0;
	std::vector<Roi> rois_;
};

/** \brief A pipeline, from its launch line */
class Pipeline
{
public:
	explicit Pipeline(const std::string &line)
	{
		GError *error = nullptr;
		pipeline_.reset(gst_parse_launch(line.c_str(), &error));
		if (error)
			throw std::runtime_error(line + ": " + error->message);
		gst_object_ref_sink(pipeline_.get());
		bus_.reset(gst_element_get_bus(pipeline_.get()));
	}
	~Pipeline() { setState(GST_STATE_NULL); }

	GstElement *element() const { return pipeline_.get(); }
	GstBus *bus() const { return bus_.get(); }

	GstStateChangeReturn setState(GstState state) const
	{
		return gst_element_set_state(pipeline_.get(), state);
	}

	/** \brief Sets a property of the element called \a name */
	void set(const char *name, const char *property, const std::string &value) const
	{
		GstElement *element = gst_bin_get_by_name(GST_BIN(pipeline_.get()), name);
		gst_util_set_object_arg(G_OBJECT(element), property, value.c_str());
		gst_object_unref(element);
	}

	/** \brief The next message of \a types, at most 20 s away; null for none */
	Owned<GstMessage> wait(int types) const
	{
		return Owned<GstMessage>(gst_bus_timed_pop_filtered(
			bus_.get(), 20 * GST_SECOND, static_cast<GstMessageType>(types)));
	}

	/** \brief Plays to the end; the error that it ended with, if any */
	std::optional<Report> play() const
	{
		setState(GST_STATE_PLAYING);
		const Owned<GstMessage> end = wait(GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
		if (!end)
			throw std::runtime_error("neither EOS nor ERROR within 20 s");
		if (GST_MESSAGE_TYPE(end.get()) == GST_MESSAGE_EOS)
			return std::nullopt;
		return reportOf(end.get());
	}

private:
	Owned<GstElement> pipeline_;
	Owned<GstBus> bus_;
};
