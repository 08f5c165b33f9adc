/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "framejob.h"

#include <algorithm>
#include <utility>

#include "debug.h"
#include "frame/packed.h"
#include "guard.h"
#include "regions.h"

FrameJob::FrameJob(fm::Visualizer &visualizer, Outputs &outputs, const CudaMemory &cuda,
                   const GstVideoInfo &info, GstBuffer *input, std::vector<Picture> pictures,
                   bool repeat, fm::Threads threads, NoteTime noteTime)
	: visualizer_(visualizer), outputs_(outputs), pictures_(std::move(pictures)),
	  repeat_(repeat), threads_(threads), noteTime_(std::move(noteTime))
{
	input_.emplace(info, input, GST_MAP_READ, cuda);
	pass_.emplace(visualizer_.begin(input_->frame(), regionsOf(input)));
	const auto isFrozen = [](const Picture &picture) {
		return picture.view.panels.front().settings.freeze;
	};
	if (!repeat_ && !std::ranges::all_of(pictures_, isFrozen))
		work([&] { visualizer_.convert(*pass_, threads_); });
}

void FrameJob::measure(NoteStatistics note)
{
	noteStatistics_ = std::move(note);
	pass_->measure();
}

std::vector<fm::ViewPass> FrameJob::views()
{
	std::vector<fm::ViewPass> views;
	for (const Picture &picture : pictures_) {
		const auto &frame = mapped_.emplace_back(
			picture.output->map(picture.view, picture.buffer.get()));
		for (const PanelView &panel : picture.view.panels)
			views.push_back({ *panel.state, panel.settings, panel.layout,
			                  frame ? fm::cropped(frame->frame(), panel.left, panel.top,
			                                      panel.layout.size)
			                        : fm::Frame{},
			                  panel.caption, panel.titles });
	}
	return views;
}

GstFlowReturn FrameJob::run()
{
	return guard(element(), GST_FLOW_ERROR, [&] {
		const std::vector<fm::ViewPass> views = this->views();
		work([&] { wasPrepared_ = visualizer_.run(*pass_, views, repeat_); });
		return GST_FLOW_OK;
	});
}

GstFlowReturn FrameJob::push()
{
	GstFlowReturn combined = GST_FLOW_OK;
	for (Picture &picture : pictures_) {
		GstPad *pad = picture.output->pad();
		GST_LOG_OBJECT(pad, "pushing %" GST_PTR_FORMAT, picture.buffer.get());
		const GstFlowReturn flow = outputs_.combine(
			*picture.output, picture.flow == GST_FLOW_OK
						 ? gst_pad_push(pad, picture.buffer.release())
						 : picture.flow);
		/* What is the matter with one of them others do not mend. */
		if (combined == GST_FLOW_OK || combined == GST_FLOW_NOT_LINKED ||
		    combined == GST_FLOW_EOS)
			combined = flow;
	}
	return combined;
}

/* With the index of its first view. */
template<typename Body>
void FrameJob::forEachPicture(Body &&body)
{
	std::size_t index = 0;
	for (Picture &picture : pictures_) {
		body(picture, index);
		index += picture.view.panels.size();
	}
}

/* For clicks on what is about to be shown. */
void FrameJob::noteShown()
{
	forEachPicture([&](const Picture &picture, std::size_t index) {
		std::vector<fm::ShownPanel> panels;
		panels.reserve(picture.view.panels.size());
		for (const PanelView &panel : picture.view.panels)
			panels.push_back(
				{ panel.layout, panel.left, panel.top, pass_->shown(index++) });
		picture.output->noteShown(std::move(panels));
	});
}

GstFlowReturn FrameJob::finish()
{
	return guard(element(), GST_FLOW_ERROR, [&] {
		forEachPicture([&](Picture &picture, std::size_t index) {
			picture.flow = picture.output->makeRoom(*pass_, index, picture.buffer);
		});
		work([&] {
			forEachPicture([&](const Picture &picture, std::size_t index) {
				if (picture.flow == GST_FLOW_OK)
					picture.output->fill(visualizer_, *pass_, index,
					                     picture.view, picture.buffer.get(),
					                     threads_);
			});
		});
		noteShown();
		const auto statistics = pass_->statistics();
		pass_.reset();
		input_.reset();
		mapped_.clear();
		noteTime_(workTime_, wasPrepared_);
		if (noteStatistics_)
			noteStatistics_(statistics);
		return push();
	});
}
