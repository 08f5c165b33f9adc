/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "fixture.h"

/** \brief A pad that was asked for, and what comes out of it, on any thread */
class Branch
{
public:
	struct Frame {
		GstClockTime pts, duration;
		Bytes bytes;
		bool operator==(const Frame &) const = default;
	};

	/** \a name as in a request; \a caps are what is accepted downstream */
	explicit Branch(GstElement *element, const char *name = "src_%u", const char *caps = "ANY")
		: element_(element), caps_(gst_caps_from_string(caps)),
		  pad_(gst_element_request_pad_simple(element, name)),
		  sink_(GST_PAD(gst_object_ref_sink(gst_pad_new("sink", GST_PAD_SINK))))
	{
		if (!pad_)
			throw std::runtime_error(std::string("no pad ") + name);
		gst_pad_set_element_private(sink_.get(), this);
		gst_pad_set_chain_function(sink_.get(), chain);
		gst_pad_set_event_function(sink_.get(), event);
		gst_pad_set_query_function(sink_.get(), query);
		gst_pad_set_active(sink_.get(), TRUE);
		link();
	}
	~Branch()
	{
		release();
		gst_pad_set_active(sink_.get(), FALSE);
	}
	Branch(const Branch &) = delete;
	Branch &operator=(const Branch &) = delete;

	GstPad *pad() const { return pad_.get(); }
	GstPad *sink() const { return sink_.get(); }
	std::string name() const { return GST_OBJECT_NAME(pad()); }

	void set(const char *property, const char *value) const
	{
		gst_util_set_object_arg(G_OBJECT(pad()), property, value);
	}
	void link() const { EXPECT_EQ(gst_pad_link(pad(), sink()), GST_PAD_LINK_OK); }
	void unlink() const { EXPECT_TRUE(gst_pad_unlink(pad(), sink())); }
	/** \brief Gives the pad back, once */
	void release()
	{
		if (!isReleased_.exchange(true))
			gst_element_release_request_pad(element_, pad());
	}
	/** \brief What becomes of buffers from now on */
	void setFlow(GstFlowReturn flow) { flow_ = flow; }

	/** \brief What is accepted downstream from now on; between frames */
	void accept(const char *caps) { caps_.reset(gst_caps_from_string(caps)); }

	/** \brief Frames that came since the last call */
	std::vector<Frame> frames()
	{
		const std::lock_guard lock(mutex_);
		return std::exchange(frames_, {});
	}
	/** \brief Names of events, and of queries for memory, and "buffer", in their order */
	std::vector<std::string> log() const
	{
		const std::lock_guard lock(mutex_);
		return log_;
	}
	auto count(const char *what) const { return std::ranges::count(log(), what); }

	bool waitFor(const char *what, std::chrono::seconds limit = std::chrono::seconds(20)) const
	{
		std::unique_lock lock(mutex_);
		return came_.wait_for(lock, limit,
		                      [&] { return std::ranges::find(log_, what) != log_.end(); });
	}

	GstVideoInfo video() const
	{
		const Owned<GstCaps> caps(gst_pad_get_current_caps(sink()));
		GstVideoInfo info;
		if (!caps || !gst_video_info_from_caps(&info, caps.get()))
			throw std::runtime_error("no caps on " + name());
		return info;
	}

private:
	static Branch &of(GstPad *pad)
	{
		return *static_cast<Branch *>(gst_pad_get_element_private(pad));
	}

	void note(const char *what)
	{
		const std::lock_guard lock(mutex_);
		log_.emplace_back(what);
		came_.notify_all();
	}

	static GstFlowReturn chain(GstPad *pad, GstObject *, GstBuffer *buffer)
	{
		const Owned<GstBuffer> owned(buffer);
		Branch &self = of(pad);
		{
			const std::lock_guard lock(self.mutex_);
			self.frames_.push_back({ GST_BUFFER_PTS(buffer),
			                         GST_BUFFER_DURATION(buffer), bytesOf(buffer) });
		}
		self.note("buffer");
		return self.flow_;
	}

	static gboolean event(GstPad *pad, GstObject *, GstEvent *event)
	{
		const Owned<GstEvent> owned(event);
		of(pad).note(GST_EVENT_TYPE_NAME(event));
		return TRUE;
	}

	static gboolean query(GstPad *pad, GstObject *parent, GstQuery *query)
	{
		Branch &self = of(pad);
		if (GST_QUERY_TYPE(query) == GST_QUERY_ALLOCATION)
			self.note("allocation");
		if (GST_QUERY_TYPE(query) != GST_QUERY_CAPS)
			return gst_pad_query_default(pad, parent, query);
		gst_query_set_caps_result(query, self.caps_.get());
		return TRUE;
	}

	GstElement *element_; /* Outlives it. */
	Owned<GstCaps> caps_;
	Owned<GstPad> pad_, sink_;
	std::atomic<bool> isReleased_ = false;
	std::atomic<GstFlowReturn> flow_ = GST_FLOW_OK;
	mutable std::mutex mutex_; /* Protects all below. */
	mutable std::condition_variable came_;
	std::vector<Frame> frames_;
	std::vector<std::string> log_;
};
