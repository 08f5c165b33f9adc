/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "outputs.h"

#include <algorithm>
#include <utility>

void Outputs::add(std::shared_ptr<Output> output)
{
	const std::lock_guard lock(mutex_);
	output->setLevels(levels_);
	gst_flow_combiner_add_pad(combiner_, output->pad());
	outputs_.push_back(std::move(output));
}

void Outputs::remove(GstFeatureMosaicPad *pad)
{
	std::shared_ptr<Output> output; /* Its last use may be here: without the lock. */
	const std::lock_guard lock(mutex_);
	const auto found = std::ranges::find(outputs_, GST_PAD(pad),
	                                     [](const auto &each) { return each->pad(); });
	if (found == outputs_.end())
		return;
	output = std::move(*found);
	output->release();
	gst_flow_combiner_remove_pad(combiner_, output->pad());
	outputs_.erase(found);
}

Outputs::List Outputs::all() const
{
	const std::lock_guard lock(mutex_);
	return outputs_;
}

Outputs::List Outputs::active()
{
	const std::lock_guard lock(mutex_);
	List active;
	for (const auto &output : outputs_) {
		if (!gst_pad_is_linked(output->pad()))
			gst_flow_combiner_update_pad_flow(combiner_, output->pad(),
			                                  GST_FLOW_NOT_LINKED);
		else if (gst_pad_get_last_flow_return(output->pad()) != GST_FLOW_EOS)
			active.push_back(output);
	}
	if (active.empty())
		active.push_back(outputs_.front());
	return active;
}

GstFlowReturn Outputs::combine(const Output &output, GstFlowReturn flow)
{
	const std::lock_guard lock(mutex_);
	return output.isReleased()
	               ? GST_FLOW_OK
	               : gst_flow_combiner_update_pad_flow(combiner_, output.pad(), flow);
}

void Outputs::resetFlow()
{
	const std::lock_guard lock(mutex_);
	gst_flow_combiner_reset(combiner_);
}

void Outputs::reset()
{
	for (const auto &output : all())
		output->reset();
}

void Outputs::renegotiate()
{
	for (const auto &output : all())
		output->renegotiate();
}

bool Outputs::pass(GstEvent *event)
{
	bool isPassed = false;
	for (const auto &output : all())
		isPassed = output->pass(event) || isPassed;
	return isPassed;
}

void Outputs::setLevels(std::vector<std::string> levels)
{
	const std::lock_guard lock(mutex_);
	levels_ = std::move(levels);
	for (const auto &output : outputs_)
		output->setLevels(levels_);
}

FirstView firstView(const Outputs::List &outputs, const GstVideoInfo &input)
{
	FirstView view = { input, {} };
	for (const auto &output : outputs)
		for (const PanelView &panel : output->view().panels)
			view.parts.push_back({ panel.settings, panel.layout });
	return view;
}
