/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "fixture.h"
#include "weights.h"

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto longest = 30s; /* That a load may take on a busy machine. */

/** \brief Frames of one and the same picture, and what becomes of them */
class Stream
{
public:
	Stream(const std::string &weights, const std::string &properties)
		: mosaic((weights.empty() ? "" : weightsProperty(weights)) + " " + properties)
	{
	}

	void push(int frames = 1)
	{
		for (int i = 0; i < frames; ++i)
			EXPECT_EQ(mosaic.push(mosaic.frame(pushed_++, 1)), GST_FLOW_OK);
	}

	/* Pushes frames until there is a message of type for which isIt(message). */
	template<typename IsIt>
	bool pushUntil(GstMessageType type, IsIt &&isIt)
	{
		for (const auto end = Clock::now() + longest; Clock::now() < end;) {
			push();
			for (auto &message : mosaic.messages(type))
				if (isIt(message.get()))
					return true;
			std::this_thread::sleep_for(5ms);
		}
		ADD_FAILURE() << "no message";
		return false;
	}

	/* The weights of the model that comes next. */
	std::string pushUntilModel()
	{
		std::string weights;
		pushUntil(GST_MESSAGE_ELEMENT, [&](GstMessage *message) {
			const GstStructure *structure = gst_message_get_structure(message);
			if (!gst_structure_has_name(structure, "featuremosaic-model"))
				return false;
			const char *text = gst_structure_get_string(structure, "weights");
			weights = text ? text : "";
			return true;
		});
		return weights;
	}

	Report pushUntilWarning()
	{
		Report report = {};
		pushUntil(GST_MESSAGE_WARNING, [&](GstMessage *message) {
			report = reportOf(message);
			return true;
		});
		return report;
	}

	/* Pushes frames for a while. */
	void pushFor(Clock::duration time)
	{
		for (const auto end = Clock::now() + time; Clock::now() < end;) {
			push();
			std::this_thread::sleep_for(10ms);
		}
	}

	/* Pictures of all frames since the last call, each of which has to come once, in order. */
	std::vector<Bytes> pictures()
	{
		gst_harness_push_event(mosaic.harness(),
		                       gst_event_new_gap(pushed_ * 40 * GST_MSECOND, 0));
		std::vector<Bytes> pictures;
		while (const Owned<GstBuffer> out = mosaic.pull()) {
			EXPECT_EQ(GST_BUFFER_PTS(out.get()), pulled_++ * 40 * GST_MSECOND);
			EXPECT_EQ(GST_BUFFER_DURATION(out.get()), 40 * GST_MSECOND);
			pictures.push_back(bytesOf(out.get()));
		}
		EXPECT_EQ(pulled_, pushed_);
		return pictures;
	}

	Mosaic mosaic;

private:
	unsigned pushed_ = 0, pulled_ = 0;
};

/** \brief What an element shows that is started with \a weights */
inline Bytes freshPicture(const std::string &weights, const std::string &properties)
{
	Stream stream(weights, properties);
	stream.mosaic.setInput(256, 160);
	stream.push(1);
	return stream.pictures().back();
}

/** \brief The first is \a before, the last is \a after, and there is one change between them */
inline void expectChange(const std::vector<Bytes> &pictures, const Bytes &before,
                         const Bytes &after)
{
	ASSERT_FALSE(before == after);
	ASSERT_GE(pictures.size(), 2u);
	const auto changed = std::ranges::find_if(
		pictures, [&](const Bytes &picture) { return picture != before; });
	EXPECT_NE(changed, pictures.begin());
	EXPECT_NE(changed, pictures.end());
	EXPECT_TRUE(std::all_of(changed, pictures.end(),
	                        [&](const Bytes &picture) { return picture == after; }));
}

inline void expectAll(const std::vector<Bytes> &pictures, const Bytes &expected)
{
	EXPECT_FALSE(pictures.empty());
	EXPECT_TRUE(std::ranges::all_of(pictures,
	                                [&](const Bytes &picture) { return picture == expected; }));
}
