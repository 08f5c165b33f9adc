/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "livemodel.h"

#include <utility>

#include "guard.h"
#include "messages.h"

void LiveModel::start(GstElement *element)
{
	fm::ModelSettings settings = settings_.get().model;
	const auto file = fm::FileVersion::of(settings.weights);
	visualizer_ = std::make_unique<fm::Visualizer>(settings);
	for (const auto &output : outputs_.all()) {
		fm::BasisFile basis; /* The output reads its own, on its thread. */
		visualizer_->check(visualizer_->complete(output->wishes(), basis));
	}
	announce(element);

	settings.device = visualizer_->model().device; /* What "auto" is does not change. */
	loader_.start(settings, file);
	/* What was set meanwhile had nobody to hear of it. */
	if (const std::string weights = settings_.get().model.weights; weights != settings.weights)
		loader_.load(weights);
}

void LiveModel::stop()
{
	loader_.stop();
	outputs_.setLevels({});
	visualizer_.reset();
}

bool LiveModel::replace(GstElement *element, const GstVideoInfo &input,
                        const std::function<void()> &drain)
{
	std::unique_ptr<fm::Visualizer> next = loader_.take();
	if (!next)
		return false;
	drain();
	try {
		for (const auto &output : outputs_.active())
			output->prepare(*next, input, [] {});
	} catch (const std::exception &) {
		loader_.refuse(std::move(next), currentError());
		return false;
	}
	std::swap(visualizer_, next);
	loader_.replaced(std::move(next));
	settings_.settle();
	announce(element);
	return true;
}

/* Tells who has to know of it. */
void LiveModel::announce(GstElement *element) const
{
	const fm::ModelInfo &model = visualizer_->model();
	std::vector<std::string> levels;
	levels.reserve(model.levels.size());
	for (const fm::Level &level : model.levels)
		levels.push_back(level.name);
	outputs_.setLevels(std::move(levels));
	announceModel(element, model);
}
