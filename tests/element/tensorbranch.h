/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstring>
#include <memory>
#include <mutex>
#include <numeric>
#include <utility>

#include "branch.h"
#include "views.h"

/** \brief What a buffer of a tensor pad is */
struct Tensor {
	std::string format, level; /**< Of its caps */
	int channels = 0, height = 0, width = 0;
	std::string namedLevel; /**< Of its meta, as all below */
	int stride = 0;
	std::vector<int> named;
	Bytes bytes;
	GstClockTime pts = 0, duration = 0;
	guint64 offset = 0;
	bool isDiscontinuous = false;

	std::size_t planeSize() const { return static_cast<std::size_t>(height) * width; }
	/** \brief Its values, where they are of float32 */
	std::vector<float> values() const
	{
		std::vector<float> values(bytes.size() / sizeof(float));
		std::memcpy(values.data(), bytes.data(), bytes.size());
		return values;
	}
	/** \brief The bytes of the map at \a place */
	Bytes plane(std::size_t place) const
	{
		const auto size = static_cast<std::ptrdiff_t>(bytes.size()) / channels;
		const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(place) * size;
		return { begin, begin + size };
	}
};

/** \brief Tensors that come out of a pad that was asked for */
class TensorBranch : public Branch
{
public:
	explicit TensorBranch(GstElement *element, const std::string &settings = "",
	                      const char *name = "tensor_%u", const char *caps = "ANY")
		: Branch(element, name, caps)
	{
		gst_pad_add_probe(pad(), GST_PAD_PROBE_TYPE_BUFFER, note, new SharedSeen(seen_),
		                  [](gpointer seen) { delete static_cast<SharedSeen *>(seen); });
		setAll(element, this->name(), settings);
	}

	/** \brief Those that came since the last call */
	std::vector<Tensor> tensors()
	{
		const std::lock_guard lock(seen_->mutex);
		return std::exchange(seen_->tensors, {});
	}
	/** \brief The one that came since then */
	Tensor tensor()
	{
		const std::vector<Tensor> all = tensors();
		if (all.size() != 1)
			throw std::runtime_error(std::to_string(all.size()) + " tensors");
		return all.front();
	}

private:
	struct Seen {
		std::mutex mutex;
		std::vector<Tensor> tensors; /* Protected by mutex. */
	};
	using SharedSeen = std::shared_ptr<Seen>;

	static GstPadProbeReturn note(GstPad *pad, GstPadProbeInfo *info, gpointer shared)
	{
		const Owned<GstCaps> caps(gst_pad_get_current_caps(pad));
		if (!caps) { /* It is given back while a frame is on its way to it. */
			EXPECT_TRUE(GST_PAD_IS_FLUSHING(pad));
			return GST_PAD_PROBE_OK;
		}
		GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
		Tensor tensor;
		tensor.bytes = bytesOf(buffer);
		tensor.pts = GST_BUFFER_PTS(buffer);
		tensor.duration = GST_BUFFER_DURATION(buffer);
		tensor.offset = GST_BUFFER_OFFSET(buffer);
		tensor.isDiscontinuous = GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DISCONT);
		EXPECT_TRUE(gst_caps_is_fixed(caps.get()));
		const GstStructure *what = gst_caps_get_structure(caps.get(), 0);
		EXPECT_TRUE(gst_structure_has_name(what, "application/x-feature-maps"));
		tensor.format = gst_structure_get_string(what, "format");
		tensor.level = gst_structure_get_string(what, "level");
		gst_structure_get_int(what, "channels", &tensor.channels);
		gst_structure_get_int(what, "height", &tensor.height);
		gst_structure_get_int(what, "width", &tensor.width);

		GstCustomMeta *meta = gst_buffer_get_custom_meta(buffer, "GstFeatureMapsMeta");
		const GstStructure *maps = gst_custom_meta_get_structure(meta);
		tensor.namedLevel = gst_structure_get_string(maps, "level");
		gst_structure_get_int(maps, "stride", &tensor.stride);
		const GValue *channels = gst_structure_get_value(maps, "channels");
		for (guint i = 0; i < gst_value_array_get_size(channels); ++i)
			tensor.named.push_back(
				g_value_get_int(gst_value_array_get_value(channels, i)));

		Seen &seen = **static_cast<SharedSeen *>(shared);
		const std::lock_guard lock(seen.mutex);
		seen.tensors.push_back(std::move(tensor));
		return GST_PAD_PROBE_OK;
	}

	/* Also the probe's, which a frame on its way may be in as this ends. */
	const SharedSeen seen_ = std::make_shared<Seen>();
};

/** \brief 0 to \a count - 1 */
inline std::vector<int> firstChannels(int count)
{
	std::vector<int> channels(count);
	std::iota(channels.begin(), channels.end(), 0);
	return channels;
}
