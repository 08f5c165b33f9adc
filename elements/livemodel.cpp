/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "livemodel.h"

#include <utility>

#include "guard.h"
#include "messages.h"

void LiveModel::start()
{
	fm::ModelSettings settings = settings_.get().model;
	const auto file = fm::FileVersion::of(settings.weights);
	visualizer_ = std::make_unique<fm::Visualizer>(settings);
	visualizer_->check(output_.wishes());
	announce();

	settings.device = visualizer_->model().device; /* What "auto" is does not change. */
	loader_.start(settings, file);
	/* What was set meanwhile had nobody to hear of it. */
	if (const std::string weights = settings_.get().model.weights; weights != settings.weights)
		loader_.load(weights);
}

void LiveModel::stop()
{
	loader_.stop();
	output_.setLevels({});
	visualizer_.reset();
}

bool LiveModel::replace(const GstVideoInfo &input, const std::function<void()> &drain)
{
	std::unique_ptr<fm::Visualizer> next = loader_.take();
	if (!next)
		return false;
	drain();
	try {
		output_.prepare(*next, input, [] {});
	} catch (const std::exception &) {
		loader_.refuse(std::move(next), currentError());
		return false;
	}
	std::swap(visualizer_, next);
	loader_.replaced(std::move(next));
	settings_.settle();
	announce();
	return true;
}

/* Tells who has to know of it. */
void LiveModel::announce() const
{
	const fm::ModelInfo &model = visualizer_->model();
	std::vector<std::string> levels;
	levels.reserve(model.levels.size());
	for (const fm::Level &level : model.levels)
		levels.push_back(level.name);
	output_.setLevels(std::move(levels));
	g_autoptr(GstElement) element = gst_pad_get_parent_element(output_.pad());
	announceModel(element, model);
}
