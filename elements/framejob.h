/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "conveyor.h"
#include "mappedframe.h"
#include "outputs.h"
#include "visualizer.h"

/** \brief A picture, or a tensor, to be filled and pushed */
struct Picture {
	std::shared_ptr<Output> output;
	OutputView view; /**< Of the output, as the frame arrived */
	OwnedBuffer buffer;
	GstFlowReturn flow = GST_FLOW_OK; /**< Of Output::makeRoom() */
};

/** \brief One buffer of the sink pad on its way to the source pads */
class FrameJob : public Job
{
public:
	/**
	 * \brief Called in finish() with the time that the frame's own work took
	 *
	 * \a wasPrepared for a frame that the network first had to be prepared for.
	 */
	using NoteTime = std::function<void(GstClockTime elapsed, bool wasPrepared)>;
	/** \brief Called in finish() after that */
	using NoteStatistics = std::function<void(const std::vector<fm::LevelStatistics> &)>;

	/**
	 * \brief Takes the buffers to fill; converts \a input
	 *
	 * With \a repeat the maps of the frame before are shown again, where they suffice.
	 * \a threads are for what is not the network's.
	 * \throws fm::Error Unsupported for an \a input that is no frame of \a info
	 */
	FrameJob(fm::Visualizer &visualizer, Outputs &outputs, const CudaMemory &cuda,
	         const GstVideoInfo &info, GstBuffer *input, std::vector<Picture> pictures,
	         bool repeat, fm::Threads threads, NoteTime noteTime);

	/** \brief Has the maps that are shown measured; before run() */
	void measure(NoteStatistics note);

	GstFlowReturn run() override;
	GstFlowReturn finish() override;

private:
	/* Adds the time of \a body to the frame's. */
	template<typename Body>
	void work(Body &&body)
	{
		const gint64 start = g_get_monotonic_time();
		body();
		workTime_ += (g_get_monotonic_time() - start) * GST_USECOND;
	}

	std::vector<fm::ViewPass> views();
	template<typename Body>
	void forEachPicture(Body &&body);
	void noteShown();
	GstFlowReturn push();
	GstElement *element() const { return pictures_.front().output->element(); }

	GstClockTime workTime_ = 0;
	bool wasPrepared_ = false; /* The network's plan was made for this frame. */
	fm::Visualizer &visualizer_;
	Outputs &outputs_;
	std::vector<Picture> pictures_; /* One at least. */
	bool repeat_;
	fm::Threads threads_;
	NoteTime noteTime_;
	NoteStatistics noteStatistics_;    /* Empty where nothing is measured. */
	std::optional<MappedFrame> input_; /* Until all is drawn: a picture may show it. */
	std::vector<std::unique_ptr<MappedFrame>> mapped_; /* By picture; of a tensor null. */
	std::optional<fm::FramePass> pass_;
};
