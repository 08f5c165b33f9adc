/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mappedframe.h"

#include <string>

#include "error.h"
#include "pinnedmemory.h"

namespace {

fm::PixelFormat pixelFormat(GstVideoFormat format)
{
	using enum fm::PixelFormat;
	switch (format) {
	case GST_VIDEO_FORMAT_NV12:
		return Nv12;
	case GST_VIDEO_FORMAT_I420:
		return I420;
	case GST_VIDEO_FORMAT_RGB:
		return Rgb;
	case GST_VIDEO_FORMAT_BGR:
		return Bgr;
	case GST_VIDEO_FORMAT_RGBA:
		return Rgba;
	case GST_VIDEO_FORMAT_BGRA:
		return Bgra;
	case GST_VIDEO_FORMAT_RGBx:
		return Rgbx;
	case GST_VIDEO_FORMAT_BGRx:
		return Bgrx;
	case GST_VIDEO_FORMAT_GRAY8:
		return Gray8;
	default:
		throw fm::Error(fm::Error::Kind::Unsupported,
		                std::string("Video format ") + gst_video_format_to_string(format) +
		                        " is not supported");
	}
}

fm::Colorimetry colorimetry(const GstVideoInfo &info)
{
	fm::Colorimetry color;
	gdouble kr = 0.0;
	gdouble kb = 0.0;
	if (gst_video_color_matrix_get_Kr_Kb(info.colorimetry.matrix, &kr, &kb)) {
		color.kr = static_cast<float>(kr);
		color.kb = static_cast<float>(kb);
	}
	color.fullRange = info.colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255;
	return color;
}

fm::ChromaSite chromaSite(const GstVideoInfo &info)
{
	return { (info.chroma_site & GST_VIDEO_CHROMA_SITE_H_COSITED) != 0,
		 (info.chroma_site & GST_VIDEO_CHROMA_SITE_V_COSITED) != 0 };
}

} /* namespace */

MappedFrame::MappedFrame(const GstVideoInfo &info, GstBuffer *buffer, GstMapFlags flags,
                         const CudaMemory &cuda)
	: isOnDevice_(cuda.holds(buffer)),
	  isPinned_(PinnedMemory::holds(buffer)), size_{ GST_VIDEO_INFO_WIDTH(&info),
	                                                 GST_VIDEO_INFO_HEIGHT(&info) }
{
	const int all = isOnDevice_ ? flags | CudaMemory::mapFlag() : flags;
	if (!gst_video_frame_map(&frame_, &info, buffer, static_cast<GstMapFlags>(all)))
		throw fm::Error(
			fm::Error::Kind::Unsupported,
			"A buffer cannot be mapped as the video frame that its caps announce",
			std::to_string(gst_buffer_get_size(buffer)) + " bytes, the caps need " +
				std::to_string(GST_VIDEO_INFO_SIZE(&info)));
	if (isOnDevice_)
		CudaMemory::waitFor(buffer);
}

MappedFrame::~MappedFrame()
{
	gst_video_frame_unmap(&frame_);
}

fm::Frame MappedFrame::frame() const
{
	fm::Frame frame = { pixelFormat(GST_VIDEO_FRAME_FORMAT(&frame_)),
		            size_,
		            {},
		            colorimetry(frame_.info),
		            chromaSite(frame_.info),
		            isOnDevice_,
		            isPinned_ };
	for (guint i = 0; i < GST_VIDEO_FRAME_N_PLANES(&frame_); ++i)
		frame.planes[i] = { static_cast<uint8_t *>(GST_VIDEO_FRAME_PLANE_DATA(&frame_, i)),
			            GST_VIDEO_FRAME_PLANE_STRIDE(&frame_, i) };
	return frame;
}
