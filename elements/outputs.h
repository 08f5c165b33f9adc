/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gst/base/gstflowcombiner.h>

#include "firstview.h"
#include "output.h"

/**
 * \brief The element's source pads: "src", and those that were asked for
 *
 * Pads may come and go on any thread, while frames go on. Of the others' functions each says whose
 * thread it is for.
 */
class Outputs
{
public:
	using List = std::vector<std::shared_ptr<Output>>;

	Outputs() : combiner_(gst_flow_combiner_new()) {}
	~Outputs() { gst_flow_combiner_free(combiner_); }
	Outputs(const Outputs &) = delete;
	Outputs &operator=(const Outputs &) = delete;

	/** \brief From any thread: the pad of \a output is a source pad from now on */
	void add(std::shared_ptr<Output> output);
	/** \brief From any thread: \a pad is none any more; frames on their way to it get lost */
	void remove(GstFeatureMosaicPad *pad);
	/** \brief From any thread: all of them, in the order in which they came */
	List all() const;

	/**
	 * \brief For the streaming thread: those that a frame is shown on
	 *
	 * A pad that is not linked, or whose branch has ended, costs nothing. Where that leaves
	 * none it is the first, for its peer, or the lack of one, to be told of.
	 */
	List active();

	/** \brief From the thread that pushes: what upstream is told once \a output was \a flow */
	GstFlowReturn combine(const Output &output, GstFlowReturn flow);

	/** \brief For a new stream: flows are forgotten */
	void resetFlow();
	/** \brief While the pads are inactive */
	void reset();
	/** \brief For the next caps of the sink pad; for the streaming thread */
	void renegotiate();
	/** \brief Passes on a serialized \a event of the sink pad; for the streaming thread */
	bool pass(GstEvent *event);
	/** \brief The levels that all pads accept from now on, also those to come; from any thread
	 */
	void setLevels(std::vector<std::string> levels);

private:
	mutable std::mutex mutex_; /* Innermost; protects all below. */
	List outputs_;
	std::vector<std::string> levels_;
	GstFlowCombiner *combiner_;
};

/** \brief What a model for frames of \a input has to show on \a outputs, once they are prepared */
FirstView firstView(const Outputs::List &outputs, const GstVideoInfo &input);
