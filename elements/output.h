/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gst/video/video.h>

#include "featuremosaicpad.h"
#include "mappedframe.h"
#include "ownedbuffer.h"
#include "visualizer.h"

/** \brief A part of a picture, or a tensor: what was in effect as the frame arrived */
struct PanelView {
	std::shared_ptr<fm::ViewState> state; /**< For Visualizer::run() */
	fm::ViewSettings settings;            /**< Of this panel */
	fm::MosaicLayout layout;
	int left, top; /**< In the picture */
	fm::Caption caption;
	std::vector<std::string> titles = {}; /**< As a fm::Panel's */
};

/** \brief The parts of a picture, and the caps that it has; of a tensor one part, and none */
struct OutputView {
	std::vector<PanelView> panels;
	GstVideoInfo info;
};

/**
 * \brief A source pad as the streaming thread sees it: what is shown there, and in which caps
 *
 * Used by the streaming thread alone, but for what says otherwise.
 */
class Output
{
public:
	Output(GstElement *element, GstFeatureMosaicPad *pad)
		: element_(element), pad_(GST_FEATURE_MOSAIC_PAD(gst_object_ref(pad)))
	{
	}
	virtual ~Output() { gst_object_unref(pad_); }
	Output(const Output &) = delete;
	Output &operator=(const Output &) = delete;

	/** \brief Forgets the caps, the view, the settings in effect */
	virtual void reset();

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

	/** \brief A new buffer with the metadata of \a input, for Visualizer::run() */
	virtual GstFlowReturn newBuffer(GstBuffer *input, OwnedBuffer &buffer) = 0;

	/** \brief The frame of \a buffer to draw into; null for a tensor. From any thread */
	virtual std::unique_ptr<MappedFrame> map(const OutputView &view,
	                                         GstBuffer *buffer) const = 0;

	/**
	 * \brief Takes memory for what is not known before Visualizer::run(), and sends its caps
	 *
	 * The first part of \a buffer is the view at \a index of \a pass. For the thread that
	 * pushes.
	 */
	virtual GstFlowReturn makeRoom(const fm::FramePass &pass, std::size_t index,
	                               OwnedBuffer &buffer) = 0;

	/** \brief Draws, or writes, what is asked for in \a view into \a buffer; as makeRoom() */
	virtual void fill(const fm::Visualizer &visualizer, fm::FramePass &pass, std::size_t index,
	                  const OutputView &view, GstBuffer *buffer, fm::Threads threads) = 0;

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

protected:
	/** \brief Brings \a settings, of prepare(), into effect; as it returns and throws */
	virtual bool adopt(const fm::ViewSettings &settings, const fm::Visualizer &visualizer,
	                   const GstVideoInfo &input, const std::function<void()> &drain) = 0;

	/** \brief Whether the pad has \a caps */
	bool isOf(const GstCaps *caps) const;
	/** \brief Sends \a caps, and before the first ones and behind them what the stream has told
	 */
	bool sendCaps(GstCaps *caps);
	/** \brief Metadata of \a input that \a buffer is to have: not what is tied to the pixels */
	static void copyMetadata(GstBuffer *input, GstBuffer *buffer);

	/** \brief Caps and buffers are not those that are wanted */
	bool needsCaps_ = true;
	OutputView view_ = {};

private:
	bool bringIntoEffect(const fm::Visualizer &visualizer, const GstVideoInfo &input,
	                     const std::function<void()> &drain);
	void catchUp(gboolean (*copy)(GstPad *, GstEvent **, gpointer));

	GstElement *element_;
	GstFeatureMosaicPad *pad_;
	std::atomic<bool> isReleased_ = false;
	std::optional<fm::ViewSettings> seen_;     /* What the pad had last. */
	std::optional<fm::ViewSettings> settings_; /* In effect, complete. */
	fm::BasisFile basisFile_;                  /* That they name, or those seen last. */
	const fm::Visualizer *model_ = nullptr;    /* That they have been checked against. */
	bool hasCaps_ = false;
	bool isPrepared_ = false;
};
