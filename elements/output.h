/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <functional>
#include <optional>

#include <gst/video/video.h>

#include "featuremosaicpad.h"
#include "firstview.h"
#include "outputpool.h"
#include "visualizer.h"

/** \brief What is drawn of a frame, and where: what was in effect as the frame arrived */
struct OutputView {
	GstPad *pad;
	fm::ViewState *state; /**< Of the output, for Visualizer::run() */
	fm::ViewSettings settings;
	fm::MosaicLayout layout;
	GstVideoInfo info;
};

/**
 * \brief A source pad as the streaming thread sees it: what is drawn there, and in which caps
 *
 * Used by the streaming thread alone.
 */
class Output
{
public:
	/** \brief \a cuda is the memory that may be drawn into on a device */
	Output(GstFeatureMosaicPad *pad, const CudaMemory &cuda) : pad_(pad), cuda_(cuda) {}

	/** \brief Forgets the caps, the picture, the settings in effect */
	void reset();

	/**
	 * \brief Brings the pad's settings into effect, and new caps if they need them
	 *
	 * Settings that do not fit the model or the video are a WARNING on the bus while there are
	 * older ones to go on with. With another model than before all is brought into effect anew.
	 * \a drain is called before anything changes; where it throws, nothing has.
	 *
	 * \return False where the peer accepts no caps that this pad can give
	 * \throws fm::Error BadSetting where neither they nor older ones fit
	 */
	bool prepare(const fm::Visualizer &visualizer, const GstVideoInfo &input,
	             const std::function<void()> &drain);

	/** \brief A new buffer with the metadata of \a input, to be drawn into */
	GstFlowReturn newBuffer(GstBuffer *input, GstBuffer **buffer);

	/** \brief What the pad is set to; from any thread */
	fm::ViewSettings wishes() const { return gst_feature_mosaic_pad_get_settings(pad_); }
	/** \brief The levels that the pad accepts from now on; empty: any */
	void setLevels(std::vector<std::string> levels)
	{
		gst_feature_mosaic_pad_set_levels(pad_, std::move(levels));
	}

	/** \brief For the next caps of the sink pad */
	void renegotiate() { needsCaps_ = true; }

	/** \brief What a model for frames of \a input has to show; once prepare() has succeeded */
	FirstView firstView(const GstVideoInfo &input) const
	{
		return { input, *settings_, layout_ };
	}
	/** \brief For frames from now on, once prepare() has succeeded */
	OutputView view() { return { pad(), &state_, *settings_, layout_, info_ }; }
	GstPad *pad() const { return GST_PAD(pad_); }

private:
	bool adopt(const fm::ViewSettings &settings, const fm::Visualizer &visualizer,
	           const GstVideoInfo &input);
	bool negotiate(fm::Grid grid, const GstVideoInfo &input);
	bool setCaps(GstCaps *caps);

	GstFeatureMosaicPad *pad_; /* The element's pad list owns it. */
	const CudaMemory &cuda_;
	bool needsCaps_ = true;                /* Caps and buffers are not those that are wanted. */
	std::optional<fm::ViewSettings> seen_; /* What the pad had last. */
	std::optional<fm::ViewSettings> settings_; /* In effect. */
	const fm::Visualizer *model_ = nullptr;    /* That they have been checked against. */
	fm::MosaicLayout layout_ = {};
	GstVideoInfo info_ = {};
	bool hasCaps_ = false;
	OutputPool pool_;
	fm::ViewState state_;
};
