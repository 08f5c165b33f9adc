/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

#include "output.h"
#include "outputpool.h"

/**
 * \brief A source pad that gives maps as they are, for programs, see Output
 *
 * What they are, and so the caps, follows from the frame's pass, as frozen maps outlast settings:
 * the thread that pushes sends them, and has to itself what is marked as its own.
 */
class TensorOutput : public Output
{
public:
	/** \brief \a cuda outlives it */
	TensorOutput(GstElement *element, GstFeatureMosaicPad *pad, const CudaMemory &cuda)
		: Output(element, pad), cuda_(cuda)
	{
	}
	~TensorOutput() override { gst_clear_caps(&allowed_); }

	void reset() override;
	/** \brief Without memory, which makeRoom() takes */
	GstFlowReturn newBuffer(GstBuffer *input, OwnedBuffer &buffer) override;
	std::unique_ptr<MappedFrame> map(const OutputView &, GstBuffer *) const override
	{
		return nullptr;
	}
	GstFlowReturn makeRoom(const fm::FramePass &pass, std::size_t index,
	                       OwnedBuffer &buffer) override;
	void fill(const fm::Visualizer &visualizer, fm::FramePass &pass, std::size_t index,
	          const OutputView &view, GstBuffer *buffer, fm::Threads threads) override;

protected:
	bool adopt(const fm::ViewSettings &settings, const fm::Visualizer &visualizer,
	           const GstVideoInfo &input, const std::function<void()> &drain) override;

private:
	GstFlowReturn negotiate(const fm::TensorContent &content);

	const CudaMemory &cuda_;
	/* Written by the streaming thread where nothing is in flight, read by the one that pushes.
	 */
	GstCaps *allowed_ = nullptr; /* By the pad's template and its peer. */
	/* Of the thread that pushes. */
	bool needsPool_ = true; /* Also set by the streaming thread, as allowed_. */
	struct Shape {
		std::string level;
		std::size_t channels;
		fm::Size size;

		bool operator==(const Shape &) const = default;
	};
	Shape shape_ = {}; /* That caps and pool are for. */
	fm::ElementType type_ = fm::ElementType::Float32;
	OutputPool pool_;
};
