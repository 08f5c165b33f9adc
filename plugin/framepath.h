/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "elementtype.h"
#include "view/boxes.h"
#include "view/statistics.h"
#include "visualizer.h"

namespace fm {

struct Model;

/** \brief What a path keeps of a frame on its way */
struct FramePass::Data {
	virtual ~Data() = default;

	bool isMeasured = false;                      /* By measure(). */
	ShownStatistics statistics;                   /* Complete once it is drawn. */
	std::vector<ShownMaps> shown;                 /* By view; after run(). */
	std::map<std::size_t, TensorContent> tensors; /* By view; after run(). */
};

/** \brief What a path keeps of a view from frame to frame */
struct ViewState::Data {
	virtual ~Data() = default;
};

/** \brief How frames go through a model: on the host, or on a CUDA device. See Visualizer */
class FramePath
{
public:
	virtual ~FramePath() = default;

	virtual std::unique_ptr<FramePass::Data> begin(const Frame &frame, const Boxes &boxes) = 0;
	virtual void warmUp(Size frame, std::span<const ViewPass> views) = 0;
	virtual void convert(FramePass::Data &pass) = 0;
	virtual bool run(FramePass::Data &pass, std::span<const ViewPass> views, bool repeat) = 0;
	virtual void draw(FramePass::Data &pass, std::size_t index) = 0;
	virtual void write(FramePass::Data &pass, std::size_t index, ElementType type,
	                   void *values) = 0;

	/** \brief The state that this path keeps of a view; made where there is none */
	template<typename State>
	static State &stateOf(const ViewPass &view)
	{
		std::unique_ptr<ViewState::Data> &data = view.state.data_;
		if (!data)
			data = std::make_unique<State>();
		return static_cast<State &>(*data);
	}
};

std::unique_ptr<FramePath> makeHostPath(Model &model);
std::unique_ptr<FramePath> makeCudaPath(Model &model);

} /* namespace fm */
