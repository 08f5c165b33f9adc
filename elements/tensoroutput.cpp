/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tensoroutput.h"

#include <string>

#include "debug.h"
#include "error.h"
#include "featuremapsmeta.h"
#include "tensorcaps.h"

namespace {

/* A buffer's bytes, as long as this lives. */
class MappedBytes
{
public:
	explicit MappedBytes(GstBuffer *buffer) : buffer_(buffer)
	{
		if (!gst_buffer_map(buffer, &map_, GST_MAP_WRITE))
			throw fm::Error(fm::Error::Kind::Unsupported,
			                "A buffer for feature maps cannot be written to");
	}
	~MappedBytes() { gst_buffer_unmap(buffer_, &map_); }
	MappedBytes(const MappedBytes &) = delete;
	MappedBytes &operator=(const MappedBytes &) = delete;

	void *data() const { return map_.data; }

private:
	GstBuffer *buffer_;
	GstMapInfo map_ = GST_MAP_INFO_INIT;
};

std::size_t bytesOf(const fm::TensorContent &content, fm::ElementType type)
{
	const std::size_t bytes = content.values() * (type == fm::ElementType::Float32 ? 4 : 2);
	if (bytes > G_MAXUINT) /* GStreamer's pools have no larger ones. */
		throw fm::Error(fm::Error::Kind::Unsupported,
		                "The chosen maps of level " + content.level.name + " are " +
		                        std::to_string(bytes) +
		                        " bytes, and a buffer has 4 GiB at most: choose fewer "
		                        "channels");
	return bytes;
}

/* An offered pool may have other sizes than it was asked for. */
void setBytes(GstBuffer *buffer, std::size_t bytes)
{
	gsize available = 0;
	gst_buffer_get_sizes(buffer, nullptr, &available);
	if (available < bytes)
		throw fm::Error(fm::Error::Kind::Unsupported,
		                "The buffers that are offered for feature maps are too small");
	gst_buffer_set_size(buffer, static_cast<gssize>(bytes));
}

} /* namespace */

void TensorOutput::reset()
{
	Output::reset();
	gst_clear_caps(&allowed_);
	needsPool_ = true;
	pool_.release();
}

bool TensorOutput::adopt(const fm::ViewSettings &settings, const fm::Visualizer &visualizer,
                         const GstVideoInfo &input, const std::function<void()> &drain)
{
	visualizer.check(settings);
	if (needsCaps_) {
		drain();
		g_autoptr(GstCaps) own = gst_pad_get_pad_template_caps(pad());
		g_autoptr(GstCaps) peer = gst_pad_peer_query_caps(pad(), nullptr);
		gst_clear_caps(&allowed_);
		allowed_ = tensorCapsInCommon(own, peer, input);
		if (gst_caps_is_empty(allowed_)) {
			GST_ERROR_OBJECT(pad(), "no caps in common with the peer: %" GST_PTR_FORMAT,
			                 peer);
			return false;
		}
		needsPool_ = true;
		needsCaps_ = false;
	}
	if (view_.panels.empty())
		view_.panels.push_back({ std::make_shared<fm::ViewState>(), {}, {}, 0, 0, {} });
	view_.panels.front().settings = settings;
	return true;
}

GstFlowReturn TensorOutput::newBuffer(GstBuffer *input, OwnedBuffer &buffer)
{
	buffer.reset(gst_buffer_new());
	copyMetadata(input, buffer.get());
	return GST_FLOW_OK;
}

GstFlowReturn TensorOutput::negotiate(const fm::TensorContent &content)
{
	const Shape shape = { content.level.name, content.channels.size(), content.size };
	if (!needsPool_ && shape_ == shape)
		return GST_FLOW_OK;
	needsPool_ = true; /* Until it is there. */
	g_autoptr(GstCaps) caps = fixateTensor(allowed_, content);
	if (!caps || !sendCaps(caps)) {
		GST_ERROR_OBJECT(pad(), "no caps in common with the peer: %" GST_PTR_FORMAT,
		                 allowed_);
		return GST_PAD_IS_FLUSHING(pad()) ? GST_FLOW_FLUSHING : GST_FLOW_NOT_NEGOTIATED;
	}
	type_ = elementTypeOf(caps);
	pool_.configure(pad(), caps, bytesOf(content, type_), cuda_);
	needsPool_ = false;
	shape_ = shape;
	return GST_FLOW_OK;
}

GstFlowReturn TensorOutput::makeRoom(const fm::FramePass &pass, std::size_t index,
                                     OwnedBuffer &buffer)
{
	const fm::TensorContent &content = pass.tensor(index);
	GstFlowReturn result = negotiate(content);
	OwnedBuffer room;
	if (result == GST_FLOW_OK)
		result = pool_.acquire(room);
	if (result != GST_FLOW_OK)
		return result;
	setBytes(room.get(), bytesOf(content, type_));
	gst_buffer_copy_into(room.get(), buffer.get(), GST_BUFFER_COPY_METADATA, 0,
	                     static_cast<gsize>(-1));
	addFeatureMapsMeta(room.get(), content);
	buffer = std::move(room);
	return GST_FLOW_OK;
}

void TensorOutput::fill(const fm::Visualizer &visualizer, fm::FramePass &pass, std::size_t index,
                        const OutputView &, GstBuffer *buffer, fm::Threads threads)
{
	const MappedBytes bytes(buffer);
	visualizer.write(pass, index, type_, bytes.data(), threads);
}
