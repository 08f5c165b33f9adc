/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <vector>

#include "backbone/backbone.h"
#include "cudaframe.h"
#include "frame/inputpixel.h"
#include "model.h"
#include "workerthread.h"

namespace fm {

/** \brief What a graph is recorded for */
struct GraphKey {
	struct View {
		int level = -1; /* -1: not part of the graph. */
		bool isDrawn =
			true; /* In the graph; what is made of its maps is drawn behind it. */
		Size output = {};
		int tiles = 0;
		bool quantiles = false;

		bool operator==(const View &) const = default;
	};

	InputShape input;
	Demand demand;
	std::vector<View> views;

	bool operator==(const GraphKey &) const = default;
};

struct Graph {
	GraphKey key;
	std::shared_ptr<const Backbone::Prepared> prepared;
	/* What was computed last. Its memory stays the same. */
	at::Tensor input;
	Features features;
	std::unique_ptr<CudaGraph> recorded; /* Null where it is given anew for each frame. */
};

/**
 * \brief The graphs of a model on a device, and what they read of a frame
 *
 * The last used are kept.
 */
class CudaGraphs
{
public:
	explicit CudaGraphs(Model &model);

	/** \brief The graph for \a key; recorded where there is none */
	std::shared_ptr<Graph> get(GraphKey key);
	/** \brief How many have been recorded */
	int made() const { return made_; }

	/** \brief Gives a frame's work to the device, which then does it on its own */
	void launch(Graph &graph);

	/**
	 * \brief Runs the network without a graph, and gives \a body what \a demand asks for
	 *
	 * Of the frame that onDevice() tells of, on the thread that records.
	 */
	void withFeatures(const InputShape &shape, const Demand &demand,
	                  const std::function<void(const Features &)> &body);

	/** \brief What kernels read of a frame; always at the same place of the device */
	Parameters *onDevice() const
	{
		return reinterpret_cast<Parameters *>(parameters_.mutable_data_ptr<uint8_t>());
	}
	const PictureParameters *pictureOnDevice(std::size_t index) const
	{
		return &onDevice()->pictures[index];
	}

private:
	at::Tensor input(const InputShape &shape);
	std::shared_ptr<Graph> record(const GraphKey &key);
	void give(Graph &graph);

	Model &model_;
	CudaDevice &device_;
	at::Tensor parameters_;
	struct {
		at::Tensor onHost, onDevice; /* A SampleTable. */
	} samples_;
	WorkerThread &recorder_;
	std::list<std::shared_ptr<Graph>> graphs_; /* The last used first. */
	int made_ = 0;
};

} /* namespace fm */
