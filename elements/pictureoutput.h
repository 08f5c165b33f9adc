/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>

#include "output.h"
#include "outputpool.h"
#include "pinnedmemory.h"

/** \brief A source pad that shows a video of pictures, see Output */
class PictureOutput : public Output
{
public:
	/** \brief \a cuda and \a pinned are the memory that a device draws into; all outlive it
	 */
	PictureOutput(GstElement *element, GstFeatureMosaicPad *pad, const CudaMemory &cuda,
	              const PinnedMemory &pinned)
		: Output(element, pad), cuda_(cuda), pinned_(pinned)
	{
	}

	void reset() override;
	GstFlowReturn newBuffer(GstBuffer *input, OwnedBuffer &buffer) override;
	std::unique_ptr<MappedFrame> map(const OutputView &view, GstBuffer *buffer) const override;
	/** \brief There is: caps and buffer are those that prepare() and newBuffer() have found */
	GstFlowReturn makeRoom(const fm::FramePass &, std::size_t, OwnedBuffer &) override
	{
		return GST_FLOW_OK;
	}
	void fill(const fm::Visualizer &visualizer, fm::FramePass &pass, std::size_t index,
	          const OutputView &view, GstBuffer *buffer, fm::Threads threads) override;

protected:
	bool adopt(const fm::ViewSettings &settings, const fm::Visualizer &visualizer,
	           const GstVideoInfo &input, const std::function<void()> &drain) override;

private:
	bool negotiate(const fm::Composition &composition, const GstVideoInfo &input);
	bool setCaps(GstCaps *caps);
	void setPanels(const fm::ViewSettings &settings);
	std::shared_ptr<const fm::Label> help(const fm::ViewSettings &settings);

	const CudaMemory &cuda_;
	const PinnedMemory &pinned_;
	std::optional<fm::Composition> composition_; /* That the caps are for. */
	OutputPool pool_;
	std::shared_ptr<const fm::Label> help_; /* Made last; or null. */
	fm::Size helpSize_ = {};                /* Of the picture that it is for. */
};
