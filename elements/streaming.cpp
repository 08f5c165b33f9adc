/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "streaming.h"

#include <memory>
#include <vector>

#include "framejob.h"
#include "messages.h"
#include "state.h"

namespace {

/* Sets what is bound to a GstController, of the element and of the pads, to its value at \a time.
 */
void syncValues(const State &state, const Outputs::List &active, GstClockTime time)
{
	if (!GST_CLOCK_TIME_IS_VALID(time))
		return;
	gst_object_sync_values(GST_OBJECT(state.element), time);
	for (const auto &output : active)
		gst_object_sync_values(GST_OBJECT(output->pad()), time);
}

/* Brings what was set or loaded since the frame before into effect, for the pads that are told of.
 * \a time is the frame's in its stream, where there is one. */
GstFlowReturn prepare(State &state, Outputs::List &active, GstClockTime time)
{
	const GstVideoInfo &input = state.input.info();
	const auto drain = [&] { state.conveyor.drain(); };
	if (state.model.replace(state.element, input, drain))
		state.sinceNetwork = 0;
	active = state.outputs.active();
	syncValues(state, active, time);
	std::erase_if(active, [&](const auto &output) {
		return !output->prepare(*state.model, input, drain) && output->isReleased();
	});
	for (const auto &output : active)
		if (!output->isPrepared())
			return GST_PAD_IS_FLUSHING(output->pad()) ? GST_FLOW_FLUSHING
			                                          : GST_FLOW_NOT_NEGOTIATED;
	state.loader.show(firstView(active, input));
	return GST_FLOW_OK;
}

/* A buffer for each output. A pad that is on its way out gets none. */
GstFlowReturn allocate(const State &state, const Outputs::List &active, GstBuffer *input,
                       std::vector<Picture> &pictures)
{
	for (const auto &output : active) {
		OwnedBuffer buffer;
		const GstFlowReturn result = output->newBuffer(input, buffer);
		if (result != GST_FLOW_OK && output->isReleased())
			continue;
		if (result != GST_FLOW_OK)
			return result;
		if (state.afterDrop)
			GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
		pictures.push_back({ output, output->view(), std::move(buffer) });
	}
	return GST_FLOW_OK;
}

} /* namespace */

unsigned framesInFlight(const State &state, const ElementSettings &settings)
{
	return settings.maxInFlight != 0 ? settings.maxInFlight : state.model->framesInFlight();
}

void resetStream(State &state)
{
	state.conveyor.drain();
	state.conveyor.takeFlow(); /* Of a stream that is over. */
	state.outputs.resetFlow();
	gst_segment_init(&state.segment, GST_FORMAT_TIME);
	state.qos.reset();
	state.stats.reset();
	state.afterDrop = false;
	state.sinceNetwork = 0;
}

GstFlowReturn processFrame(State &state, GstBuffer *input)
{
	if (!state.input.hasCaps())
		return GST_FLOW_NOT_NEGOTIATED;
	Outputs::List active;
	const FrameTime time = FrameTime::of(state.segment, input);
	GstFlowReturn result = prepare(state, active, time.stream);
	if (result != GST_FLOW_OK)
		return result;
	const ElementSettings settings = state.settings.get();
	const unsigned inFlight = framesInFlight(state, settings);
	state.stats.setInterval(settings.statsInterval);
	state.stats.noteIn();
	if (settings.qos && state.qos.drops(GST_OBJECT(state.element), state.segment, input)) {
		state.stats.noteDropped();
		state.afterDrop = true;
		return GST_FLOW_OK;
	}

	state.input.checkMemory(state.element, input, state.cuda);
	const unsigned ahead = state.conveyor.waitForPlace(inFlight);
	std::vector<Picture> pictures;
	result = allocate(state, active, input, pictures);
	if (result != GST_FLOW_OK || pictures.empty())
		return result;

	const bool repeat = state.sinceNetwork % settings.interval != 0;
	auto job = std::make_unique<FrameJob>(
		*state.model, state.outputs, state.cuda, state.input.info(), input,
		std::move(pictures), repeat, inFlight == 1 ? fm::Threads::All : fm::Threads::One,
		[&state, ahead](GstClockTime work, bool wasPrepared) {
			state.stats.noteOut(work);
			if (!wasPrepared)
				state.latency.note(state.element, work, ahead);
		});
	if (state.stats.isDue(g_get_monotonic_time()))
		job->measure([&state, time](const std::vector<fm::LevelStatistics> &levels) {
			announceStats(state.element, time, state.stats.take(), levels);
		});
	++state.sinceNetwork;
	state.afterDrop = false;
	return state.conveyor.submit(std::move(job), inFlight, state.model->leavesWorkToDevice());
}

bool setInputCaps(State &state, GstCaps *caps)
{
	state.outputs.renegotiate();
	return state.input.setCaps(caps) && guard(state.element, false, [&] {
		       Outputs::List active;
		       if (prepare(state, active, GST_CLOCK_TIME_NONE) != GST_FLOW_OK)
			       return false;
		       firstView(active, state.input.info()).warmUp(*state.model);
		       return true;
	       });
}

void drainFor(State &state, GstEvent *event)
{
	state.conveyor.drain();
	if (GST_EVENT_TYPE(event) != GST_EVENT_EOS)
		return;
	const GstFlowReturn flow = state.conveyor.takeFlow();
	if (flow == GST_FLOW_NOT_LINKED || flow < GST_FLOW_EOS)
		GST_ELEMENT_FLOW_ERROR(state.element, flow);
}
