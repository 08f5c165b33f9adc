/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <gst/video/video.h>

#include "featuremosaicpad.h"
#include "outputpool.h"
#include "visualizer.h"

/** \brief A part of a picture: what was in effect as the frame arrived */
struct PanelView {
	std::shared_ptr<fm::ViewState> state; /**< For Visualizer::run() */
	fm::ViewSettings settings;            /**< Of this panel */
	fm::MosaicLayout layout;
	int left, top; /**< In the picture */
	fm::Caption caption;
};

/** \brief The parts of a picture, and the caps that it has */
struct OutputView {
	std::vector<PanelView> panels;
	GstVideoInfo info;
};

/**
 * \brief A source pad as the streaming thread sees it: what is drawn there, and in which caps
 *
 * Used by the streaming thread alone, but for what says otherwise.
 */
class Output
{
public:
	/** \brief \a cuda is the memory that may be drawn into on a device, both outlive it */
	Output(GstElement *element, GstFeatureMosaicPad *pad, const CudaMemory &cuda)
		: element_(element), pad_(GST_FEATURE_MOSAIC_PAD(gst_object_ref(pad))), cuda_(cuda)
	{
	}
	~Output() { gst_object_unref(pad_); }
	Output(const Output &) = delete;
	Output &operator=(const Output &) = delete;

	/** \brief Forgets the caps, the picture, the settings in effect */
	void reset();

	/**
	 * \brief Brings the pad's settings into effect, and new caps if they need them
	 *
	 * Settings that do not fit the model or the video are a WARNING on the bus while there are
	 * older ones to go on with. With another model than before all is brought into effect anew.
	 * \a drain is called before caps may change: frames in flight have those before. Other
	 * settings are theirs already, in a copy.
	 *
	 * \return False where the peer accepts no caps that this pad can give
	 * \throws fm::Error BadSetting where neither they nor older ones fit
	 */
	bool prepare(const fm::Visualizer &visualizer, const GstVideoInfo &input,
	             const std::function<void()> &drain);

	/** \brief Whether the last prepare() succeeded */
	bool isPrepared() const { return isPrepared_; }

	/** \brief A new buffer with the metadata of \a input, to be drawn into */
	GstFlowReturn newBuffer(GstBuffer *input, GstBuffer **buffer);

	/**
	 * \brief Passes on an \a event of the sink pad
	 *
	 * What comes after caps waits for the pad to have some.
	 */
	bool pass(GstEvent *event);

	/** \brief What the pad is set to; from any thread */
	fm::ViewSettings wishes() const { return gst_feature_mosaic_pad_get_settings(pad_); }
	/** \brief The levels that the pad accepts from now on; empty: any */
	void setLevels(std::vector<std::string> levels)
	{
		gst_feature_mosaic_pad_set_levels(pad_, std::move(levels));
	}

	/** \brief For the next caps of the sink pad */
	void renegotiate() { needsCaps_ = true; }

	/** \brief From the thread that pushes: what the frame that comes next shows */
	void noteShown(std::vector<fm::ShownPanel> panels)
	{
		gst_feature_mosaic_pad_set_shown(pad_, std::move(panels));
	}

	/** \brief For frames from now on, once prepare() has succeeded */
	const OutputView &view() const { return view_; }
	GstElement *element() const { return element_; }
	GstPad *pad() const { return GST_PAD(pad_); }

	/** \brief The pad is not the element's any more: what becomes of its buffers is nothing to
	 * it. From any thread, as isReleased()
	 */
	void release() { isReleased_ = true; }
	bool isReleased() const { return isReleased_; }

private:
	bool bringIntoEffect(const fm::Visualizer &visualizer, const GstVideoInfo &input,
	                     const std::function<void()> &drain);
	bool adopt(const fm::ViewSettings &settings, const fm::Visualizer &visualizer,
	           const GstVideoInfo &input, const std::function<void()> &drain);
	bool negotiate(const fm::Composition &composition, const GstVideoInfo &input);
	bool isOf(const GstCaps *caps) const;
	bool setCaps(GstCaps *caps);
	void catchUp(gboolean (*copy)(GstPad *, GstEvent **, gpointer));
	void setPanels();
	std::shared_ptr<const fm::Label> help();

	GstElement *element_;
	GstFeatureMosaicPad *pad_;
	std::atomic<bool> isReleased_ = false;
	const CudaMemory &cuda_;
	bool needsCaps_ = true;                /* Caps and buffers are not those that are wanted. */
	std::optional<fm::ViewSettings> seen_; /* What the pad had last. */
	std::optional<fm::ViewSettings> settings_;   /* In effect. */
	const fm::Visualizer *model_ = nullptr;      /* That they have been checked against. */
	std::optional<fm::Composition> composition_; /* That the caps are for. */
	bool hasCaps_ = false;
	bool isPrepared_ = false;
	OutputPool pool_;
	OutputView view_ = {};
	std::shared_ptr<const fm::Label> help_; /* Made last; or null. */
	fm::Size helpSize_ = {};                /* Of the picture that it is for. */
};
