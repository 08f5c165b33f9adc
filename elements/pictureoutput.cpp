/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pictureoutput.h"

#include "debug.h"
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

} /* namespace */

void PictureOutput::reset()
{
	Output::reset();
	composition_.reset();
	pool_.release();
}

bool PictureOutput::adopt(const fm::ViewSettings &settings, const fm::Visualizer &visualizer,
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
	setPanels(settings);
	return true;
}

/* Over the picture, where it is wanted. */
std::shared_ptr<const fm::Label> PictureOutput::help(const fm::ViewSettings &settings)
{
	constexpr uint8_t shade = 208;
	if (!settings.help)
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
void PictureOutput::setPanels(const fm::ViewSettings &settings)
{
	const auto panels = composition_->inside(
		{ GST_VIDEO_INFO_WIDTH(&view_.info), GST_VIDEO_INFO_HEIGHT(&view_.info) });
	view_.panels.resize(panels.size());
	for (std::size_t k = 0; k < panels.size(); ++k) {
		const fm::Panel &panel = panels[k];
		PanelView &view = view_.panels[k];
		if (!view.state || view.settings.view != panel.content ||
		    view.settings.look != settings.look)
			view.state = std::make_shared<fm::ViewState>();
		view.settings = settings;
		view.settings.view = panel.content;
		view.settings = fm::inEffect(view.settings);
		if (!panel.level.empty())
			view.settings.level = panel.level;
		view.layout = panel.layout;
		view.left = panel.left;
		view.top = panel.top;
		view.titles = panel.titles;
		view.caption = { help(settings), panel.left, panel.top };
	}
}

bool PictureOutput::negotiate(const fm::Composition &composition, const GstVideoInfo &input)
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
		GST_ERROR_OBJECT(pad(), "no caps in common with the peer: %" GST_PTR_FORMAT,
		                 allowed);
		return false;
	}
	needsCaps_ = false;
	return true;
}

bool PictureOutput::setCaps(GstCaps *caps)
{
	if (!sendCaps(caps))
		return false;
	gst_video_info_from_caps(&view_.info, caps);
	g_autoptr(GstAllocator) pinned = pinned_.allocator();
	pool_.configure(pad(), caps, GST_VIDEO_INFO_SIZE(&view_.info), cuda_, pinned);
	return true;
}

GstFlowReturn PictureOutput::newBuffer(GstBuffer *input, OwnedBuffer &buffer)
{
	const GstFlowReturn result = pool_.acquire(buffer);
	if (result == GST_FLOW_OK)
		copyMetadata(input, buffer.get());
	return result;
}

std::unique_ptr<MappedFrame> PictureOutput::map(const OutputView &view, GstBuffer *buffer) const
{
	return std::make_unique<MappedFrame>(view.info, buffer, GST_MAP_WRITE, cuda_);
}

void PictureOutput::fill(const fm::Visualizer &visualizer, fm::FramePass &pass, std::size_t index,
                         const OutputView &view, GstBuffer *, fm::Threads threads)
{
	for (std::size_t k = 0; k < view.panels.size(); ++k)
		visualizer.draw(pass, index + k, threads);
}
