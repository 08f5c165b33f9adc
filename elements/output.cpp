/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "output.h"

#include <gst/video/gstvideocodecalphameta.h>

#include "debug.h"
#include "error.h"
#include "guard.h"
#include "navigation.h"
#include "negotiation.h"

namespace {

/* What the pad's template and its peer can do, at the rate of the sink's video. */
GstCaps *allowedCaps(GstPad *pad, const GstVideoInfo &input, const CudaMemory &cuda)
{
	g_autoptr(GstCaps) peer = gst_pad_peer_query_caps(pad, nullptr);
	g_autoptr(GstCaps) own = ownCaps(pad, cuda.isUsable());
	g_autoptr(GstCaps) both = capsInCommon(own, peer);
	g_autoptr(GstCaps) rate = gst_caps_new_simple(
		"video/x-raw", "framerate", GST_TYPE_FRACTION, GST_VIDEO_INFO_FPS_N(&input),
		GST_VIDEO_INFO_FPS_D(&input), "pixel-aspect-ratio", GST_TYPE_FRACTION,
		GST_VIDEO_INFO_PAR_N(&input), GST_VIDEO_INFO_PAR_D(&input), nullptr);
	gst_caps_set_features(rate, 0, gst_caps_features_new_any());
	return gst_caps_intersect_full(both, rate, GST_CAPS_INTERSECT_FIRST);
}

/* Tied to the pixels, or to the memory, which are not those of the input any more. */
bool isTiedToPixels(const GstMetaInfo *info)
{
	/* These have no tag that says so. */
	for (const GType api :
	     { GST_PARENT_BUFFER_META_API_TYPE, GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE,
	       GST_VIDEO_CODEC_ALPHA_META_API_TYPE })
		if (info->api == api)
			return true;
	if (g_strcmp0(g_type_name(info->api), "GstAnalyticsRelationMetaAPI") == 0)
		return true; /* Of GStreamer 1.24. */
	for (const char *tag :
	     { "memory", GST_META_TAG_VIDEO_SIZE_STR, GST_META_TAG_VIDEO_ORIENTATION_STR,
	       GST_META_TAG_VIDEO_COLORSPACE_STR })
		if (gst_meta_api_type_has_tag(info->api, g_quark_from_static_string(tag)))
			return true;
	return false;
}

gboolean copyMeta(GstBuffer *input, GstMeta **meta, gpointer output)
{
	GstMetaTransformCopy copy = { FALSE, 0, static_cast<gsize>(-1) };
	const GstMetaInfo *info = (*meta)->info;
	if (!isTiedToPixels(info) && info->transform_func)
		info->transform_func(GST_BUFFER(output), *meta, input, _gst_meta_transform_copy,
		                     &copy);
	return TRUE;
}

/* What comes before caps. */
gboolean copyStreamStart(GstPad *, GstEvent **event, gpointer pad)
{
	if (GST_EVENT_TYPE(*event) == GST_EVENT_STREAM_START)
		gst_pad_store_sticky_event(GST_PAD(pad), *event);
	return TRUE;
}

gboolean copyAllButCaps(GstPad *, GstEvent **event, gpointer pad)
{
	if (GST_EVENT_TYPE(*event) != GST_EVENT_CAPS)
		gst_pad_store_sticky_event(GST_PAD(pad), *event);
	return TRUE;
}

} /* namespace */

void Output::reset()
{
	needsCaps_ = true;
	hasCaps_ = false;
	seen_.reset();
	settings_.reset();
	model_ = nullptr;
	composition_.reset();
	pool_.release();
	view_ = {};
	noteShown({});
}

bool Output::prepare(const fm::Visualizer &visualizer, const GstVideoInfo &input,
                     const std::function<void()> &drain)
{
	isPrepared_ = false;
	isPrepared_ = bringIntoEffect(visualizer, input, drain);
	return isPrepared_;
}

bool Output::bringIntoEffect(const fm::Visualizer &visualizer, const GstVideoInfo &input,
                             const std::function<void()> &drain)
{
	const fm::ViewSettings settings = wishes();
	needsCaps_ = gst_pad_check_reconfigure(pad()) || needsCaps_;
	const bool isNew = seen_ != settings;
	if (!needsCaps_ && !isNew && model_ == &visualizer)
		return true;
	seen_ = settings;

	try {
		return adopt(settings, visualizer, input, drain);
	} catch (const fm::Error &error) {
		if (error.kind != fm::Error::Kind::BadSetting || !settings_)
			throw;
		if (isNew)
			postError(element_, error, GST_MESSAGE_WARNING);
	}
	return (!needsCaps_ && model_ == &visualizer) ||
	       adopt(fm::ViewSettings(*settings_), visualizer, input, drain);
}

bool Output::adopt(const fm::ViewSettings &settings, const fm::Visualizer &visualizer,
                   const GstVideoInfo &input, const std::function<void()> &drain)
{
	const fm::Size video = { GST_VIDEO_INFO_WIDTH(&input), GST_VIDEO_INFO_HEIGHT(&input) };
	const fm::Composition composition = visualizer.composition(settings, video);
	if (needsCaps_ || composition_ != composition) {
		drain();
		if (!negotiate(composition, input))
			return false;
	}
	composition_ = composition;
	settings_ = settings;
	model_ = &visualizer;
	setPanels();
	return true;
}

/* Over the picture, where it is wanted. */
std::shared_ptr<const fm::Label> Output::help()
{
	constexpr uint8_t shade = 208;
	if (!settings_->help)
		return nullptr;
	const fm::Size size = { GST_VIDEO_INFO_WIDTH(&view_.info),
		                GST_VIDEO_INFO_HEIGHT(&view_.info) };
	if (!help_ || helpSize_ != size)
		help_ = std::make_shared<const fm::Label>(size, steeringHelp(), shade);
	helpSize_ = size;
	return help_;
}

/* Panels that stay go on with what they know; one of another kind, or look, knows nothing of use,
 * and is not held by a picture that was frozen before. */
void Output::setPanels()
{
	const auto panels = composition_->inside(
		{ GST_VIDEO_INFO_WIDTH(&view_.info), GST_VIDEO_INFO_HEIGHT(&view_.info) });
	view_.panels.resize(panels.size());
	for (std::size_t k = 0; k < panels.size(); ++k) {
		const fm::Panel &panel = panels[k];
		PanelView &view = view_.panels[k];
		if (!view.state || view.settings.view != panel.content ||
		    view.settings.look != settings_->look)
			view.state = std::make_shared<fm::ViewState>();
		view.settings = *settings_;
		view.settings.view = panel.content;
		view.settings = fm::inEffect(view.settings);
		if (!panel.level.empty())
			view.settings.level = panel.level;
		view.layout = panel.layout;
		view.left = panel.left;
		view.top = panel.top;
		view.caption = { help(), panel.left, panel.top };
	}
}

bool Output::negotiate(const fm::Composition &composition, const GstVideoInfo &input)
{
	g_autoptr(GstCaps) allowed = allowedCaps(pad(), input, cuda_);
	g_autoptr(GstCaps) caps = fixateComposition(allowed, composition);
	GstVideoInfo info;
	if (caps && gst_video_info_from_caps(&info, caps))
		composition.inside({ GST_VIDEO_INFO_WIDTH(&info), GST_VIDEO_INFO_HEIGHT(&info) });
	if (caps && !needsCaps_ && isOf(caps))
		return true;
	needsCaps_ = true; /* Until all has gone well; what throws is tried again. */
	if (!caps || !setCaps(caps)) {
		GST_ERROR_OBJECT(pad_, "no caps in common with the peer: %" GST_PTR_FORMAT,
		                 allowed);
		return false;
	}
	needsCaps_ = false;
	return true;
}

bool Output::isOf(const GstCaps *caps) const
{
	g_autoptr(GstCaps) current = gst_pad_get_current_caps(pad());
	return hasCaps_ && current && gst_caps_is_equal(current, caps);
}

bool Output::setCaps(GstCaps *caps)
{
	if (!hasCaps_)
		catchUp(copyStreamStart);
	if (!isOf(caps) && !gst_pad_push_event(pad(), gst_event_new_caps(caps)))
		return false;
	if (!hasCaps_)
		catchUp(copyAllButCaps);

	gst_video_info_from_caps(&view_.info, caps);
	pool_.configure(pad(), caps, cuda_);
	hasCaps_ = true;
	GST_INFO_OBJECT(pad_, "caps %" GST_PTR_FORMAT, caps);
	return true;
}

/* With what the stream has told of itself before the pad was there, or had caps. */
void Output::catchUp(gboolean (*copy)(GstPad *, GstEvent **, gpointer))
{
	g_autoptr(GstPad) sink = gst_element_get_static_pad(element_, "sink");
	gst_pad_sticky_events_foreach(sink, copy, pad());
}

bool Output::pass(GstEvent *event)
{
	const bool isLast = GST_EVENT_TYPE(event) == GST_EVENT_EOS;
	if (!hasCaps_ && isLast)
		catchUp(copyStreamStart);
	return (!hasCaps_ && !isLast && GST_EVENT_TYPE(event) > GST_EVENT_CAPS) ||
	       gst_pad_push_event(pad(), gst_event_ref(event));
}

GstFlowReturn Output::newBuffer(GstBuffer *input, GstBuffer **buffer)
{
	const GstFlowReturn result = pool_.acquire(buffer);
	if (result != GST_FLOW_OK)
		return result;
	gst_buffer_copy_into(
		*buffer, input,
		static_cast<GstBufferCopyFlags>(GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS),
		0, static_cast<gsize>(-1));
	gst_buffer_foreach_meta(input, copyMeta, *buffer);
	return GST_FLOW_OK;
}
