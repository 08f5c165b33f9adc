/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <functional>
#include <memory>

#include "modelloader.h"
#include "outputs.h"
#include "settings.h"
#include "visualizer.h"

/**
 * \brief The element's model from its start to its stop, and those that take its place meanwhile
 *
 * Started and stopped while the pads are inactive; all else is for the streaming thread.
 */
class LiveModel
{
public:
	LiveModel(Outputs &outputs, Settings &settings, ModelLoader &loader)
		: outputs_(outputs), settings_(settings), loader_(loader)
	{
	}

	/** \brief Loads it for \a element; \throws fm::Error */
	void start(GstElement *element);
	void stop();

	/**
	 * \brief Between two frames of \a input, brings a model that has been loaded into effect
	 *
	 * \a drain is called before, so that nothing uses the one before any more.
	 *
	 * \return Whether there was one
	 */
	bool replace(GstElement *element, const GstVideoInfo &input,
	             const std::function<void()> &drain);

	/** \brief Where it has been started */
	fm::Visualizer &operator*() const { return *visualizer_; }
	fm::Visualizer *operator->() const { return visualizer_.get(); }

private:
	void announce(GstElement *element) const;

	Outputs &outputs_;
	Settings &settings_;
	ModelLoader &loader_;
	std::unique_ptr<fm::Visualizer> visualizer_;
};
