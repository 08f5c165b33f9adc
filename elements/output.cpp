/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "output.h"

#include <gst/video/gstvideocodecalphameta.h>

#include "debug.h"
#include "error.h"
#include "guard.h"

namespace {

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

/* What other settings, or another file that they name, would put right. */
bool isOfSettings(fm::Error::Kind kind)
{
	using Kind = fm::Error::Kind;
	return kind == Kind::BadSetting || kind == Kind::NotFound || kind == Kind::Unreadable ||
	       kind == Kind::Mismatch;
}

} /* namespace */

void Output::reset()
{
	needsCaps_ = true;
	hasCaps_ = false;
	seen_.reset();
	settings_.reset();
	basisFile_.forget();
	model_ = nullptr;
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

	const auto take = [&](const fm::ViewSettings &chosen) {
		if (!adopt(chosen, visualizer, input, drain))
			return false;
		settings_ = chosen;
		model_ = &visualizer;
		return true;
	};
	try {
		return take(visualizer.complete(settings, basisFile_));
	} catch (const fm::Error &error) {
		if (!isOfSettings(error.kind) || !settings_)
			throw;
		if (isNew)
			postError(element_, error, GST_MESSAGE_WARNING);
	}
	return (!needsCaps_ && model_ == &visualizer) || take(fm::ViewSettings(*settings_));
}

bool Output::isOf(const GstCaps *caps) const
{
	g_autoptr(GstCaps) current = gst_pad_get_current_caps(pad());
	return hasCaps_ && current && gst_caps_is_equal(current, caps);
}

bool Output::sendCaps(GstCaps *caps)
{
	if (!hasCaps_)
		catchUp(copyStreamStart);
	if (!isOf(caps) && !gst_pad_push_event(pad(), gst_event_new_caps(caps)))
		return false;
	if (!hasCaps_)
		catchUp(copyAllButCaps);
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

void Output::copyMetadata(GstBuffer *input, GstBuffer *buffer)
{
	gst_buffer_copy_into(
		buffer, input,
		static_cast<GstBufferCopyFlags>(GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS),
		0, static_cast<gsize>(-1));
	gst_buffer_foreach_meta(input, copyMeta, buffer);
}
