/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "framejob.h"

#include <utility>

#include "debug.h"
#include "guard.h"
#include "regions.h"

FrameJob::FrameJob(fm::Visualizer &visualizer, Output &output, const CudaMemory &cuda,
                   const GstVideoInfo &info, GstBuffer *input, GstBuffer *picture, bool repeat,
                   fm::Threads threads, NoteTime noteTime)
	: visualizer_(visualizer), cuda_(cuda), view_(output.view()), picture_(picture),
	  repeat_(repeat), threads_(threads), noteTime_(std::move(noteTime))
{
	input_.emplace(info, input, GST_MAP_READ, cuda_);
	pass_.emplace(visualizer_.begin(input_->frame(), regionsOf(input)));
	if (!repeat_ && !view_.settings.freeze)
		work([&] { visualizer_.convert(*pass_, threads_); });
}

void FrameJob::measure(NoteStatistics note)
{
	noteStatistics_ = std::move(note);
	pass_->measure();
}

GstFlowReturn FrameJob::run()
{
	return guard(element(), GST_FLOW_ERROR, [&] {
		output_.emplace(view_.info, picture_.get(), GST_MAP_WRITE, cuda_);
		const fm::ViewPass views[] = { { *view_.state, view_.settings, view_.layout,
			                         output_->frame() } };
		work([&] { wasPrepared_ = visualizer_.run(*pass_, views, repeat_); });
		return GST_FLOW_OK;
	});
}

GstFlowReturn FrameJob::finish()
{
	return guard(element(), GST_FLOW_ERROR, [&] {
		work([&] { visualizer_.draw(*pass_, 0, threads_); });
		const auto statistics = pass_->statistics();
		pass_.reset();
		input_.reset();
		output_.reset();
		noteTime_(workTime_, wasPrepared_);
		if (noteStatistics_)
			noteStatistics_(statistics);
		GST_LOG_OBJECT(view_.pad, "pushing %" GST_PTR_FORMAT, picture_.get());
		return gst_pad_push(view_.pad, picture_.release());
	});
}
