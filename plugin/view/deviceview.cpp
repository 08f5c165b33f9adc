/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "deviceview.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include <ATen/ops/empty.h>

#include "colormap.h"
#include "label.h"
#include "mosaic.h"

namespace fm {

namespace {

/* Lays arrays one behind the other, first to see how large they are together, then for good. */
class Packer
{
public:
	/* With null for \a host only places and the size are found out. */
	Packer(std::byte *host, std::byte *device) : host_(host), device_(device) {}

	template<typename T>
	T *add(const T *values, std::size_t count)
	{
		const std::size_t place = used_;
		used_ += (count * sizeof(T) + alignment - 1) / alignment * alignment;
		if (host_ && values && count > 0)
			std::memcpy(host_ + place, values, count * sizeof(T));
		return reinterpret_cast<T *>(device_ + place);
	}

	std::size_t used() const { return used_; }

private:
	static constexpr std::size_t alignment = 64;

	std::byte *host_, *device_;
	std::size_t used_ = 0;
};

/* The texts of a picture's tiles. */
struct Labels {
	std::vector<Label> alive, dead; /* By tile; empty where there are none. */
	std::optional<RangeLine> rangeLine;

	static Labels of(const DevicePicture &picture)
	{
		Labels labels;
		const Size tile = picture.layout.tile;
		if (picture.labels && tile.width >= minLabelledWidth)
			labels.make(picture);
		/* Three components have no one range. */
		std::optional<int> top;
		if (!labels.alive.empty() && picture.content != View::Pca)
			top = labels.alive[0].bottom();
		labels.rangeLine.emplace(tile, picture.bar, top);
		return labels;
	}

	void make(const DevicePicture &picture)
	{
		for (std::size_t k = 0; k < picture.channels.size(); ++k)
			for (const bool isDead : { false, true })
				(isDead ? dead : alive)
					.emplace_back(picture.layout.tile,
				                      labelLines(picture.level, picture.channels[k],
				                                 isDead, k == 0, picture.maps));
	}
};

LabelView packLabel(Packer &packer, LabelView view)
{
	view.pixels = packer.add(view.pixels,
	                         static_cast<std::size_t>(view.size.width) * view.size.height);
	return view;
}

GlyphsView packGlyphs(Packer &packer, GlyphsView view)
{
	view.pixels = packer.add(view.pixels, static_cast<std::size_t>(view.width) * view.height);
	return view;
}

std::byte *bytesOf(const at::Tensor &bytes)
{
	return reinterpret_cast<std::byte *>(bytes.mutable_data_ptr<uint8_t>());
}

} /* namespace */

at::Tensor deviceBytes(const CudaDevice &device, std::size_t count)
{
	return at::empty({ static_cast<int64_t>(count) },
	                 at::TensorOptions(device.stream().device()).dtype(at::kByte));
}

at::Tensor hostBytes(bool isPinned, std::size_t count)
{
	return at::empty({ static_cast<int64_t>(count) },
	                 at::TensorOptions(at::kByte).pinned_memory(isPinned));
}

at::Tensor hostBytes(const CudaDevice &device, std::size_t count)
{
	return hostBytes(device.wantsPinnedMemory(), count);
}

void DeviceView::makeRoom(CudaDevice &device, int channels, int tiles)
{
	if (channels > channels_ || tiles > tiles_)
		allocate(device, std::max(channels, channels_), std::max(tiles, tiles_));
}

at::Tensor DeviceView::move(CudaDevice &device)
{
	prepared_.reset();
	at::Tensor before = memoryBytes_;
	if (before.defined())
		allocate(device, channels_, tiles_);
	return before;
}

/* What there is is copied: no room was ever larger. */
void DeviceView::allocate(CudaDevice &device, int channels, int tiles)
{
	const auto pack = [&](Packer &packer) {
		return ViewMemory{ packer.add<unsigned>(nullptr, std::size_t{ 2 } * channels),
			           packer.add<Range>(nullptr, tiles),
			           packer.add<Range>(nullptr, tiles),
			           packer.add<Range>(nullptr, channels),
			           packer.add<RangeText>(nullptr, tiles),
			           packer.add<RangeText>(nullptr, 1) };
	};
	Packer measure(nullptr, nullptr);
	pack(measure);
	const at::Tensor bytesBefore =
		std::exchange(memoryBytes_, deviceBytes(device, measure.used()));
	Packer packer(nullptr, bytesOf(memoryBytes_));
	const ViewMemory before = std::exchange(memory_, pack(packer));
	const int channelsBefore = std::exchange(channels_, channels);
	const int tilesBefore = std::exchange(tiles_, tiles);

	forget(device);
	if (!bytesBefore.defined())
		return;
	const auto keep = [&](auto *to, const auto *from, int count) {
		device.copy(to, from, count * sizeof(*to), Lane::Compute);
	};
	keep(memory_.found, before.found, tilesBefore);
	keep(memory_.ranges, before.ranges, tilesBefore);
	keep(memory_.running, before.running, channelsBefore);
	keep(memory_.texts, before.texts, tilesBefore);
	keep(memory_.header, before.header, 1);
}

void DeviceView::forget(CudaDevice &device)
{
	device.forget(memory_, channels_);
}

void DeviceView::prepare(CudaDevice &device, const DevicePicture &picture)
{
	if (prepared_ == picture)
		return;
	const Labels labels = Labels::of(picture);
	const auto header = lastHeader_.of(picture.header);
	const Palette palette = paletteOf(picture.colormap);
	const auto pack = [&](Packer &packer) {
		std::vector<TileParameters> tiles;
		for (std::size_t k = 0; k < picture.channels.size(); ++k) {
			const int channel = picture.channels[k];
			const auto first = std::ranges::find(picture.channels, channel);
			TileParameters tile = { picture.held.position(channel),
				                channel,
				                static_cast<int>(first - picture.channels.begin()),
				                {},
				                {} };
			if (!labels.alive.empty()) {
				tile.label = packLabel(packer, labels.alive[k].view());
				tile.deadLabel = packLabel(packer, labels.dead[k].view());
			}
			tiles.push_back(tile);
		}
		table_ = packer.add(tiles.data(), tiles.size());
		palette_ = packer.add(palette.data(), palette.size());
		caption_ = picture.caption.view();
		caption_.text = packLabel(packer, caption_.text);
		rangeLine_ = labels.rangeLine->view();
		rangeLine_.glyphs = packGlyphs(packer, rangeLine_.glyphs);
		header_ = header ? header->view() : HeaderView{};
		header_.text = packLabel(packer, header_.text);
		header_.glyphs = packGlyphs(packer, header_.glyphs);
	};
	Packer measure(nullptr, nullptr);
	pack(measure);
	staging_ = hostBytes(device, measure.used());
	tableBytes_ = deviceBytes(device, measure.used());
	Packer packer(bytesOf(staging_), bytesOf(tableBytes_));
	pack(packer);
	device.copy(bytesOf(tableBytes_), bytesOf(staging_), packer.used(), Lane::Compute);
	prepared_ = picture;
}

PictureParameters DeviceView::parameters(const ViewSettings &settings, const Frame &output,
                                         const Frame &video, const Boxes &boxes) const
{
	const int tiles = static_cast<int>(prepared_->channels.size());
	return { output,
		 prepared_->content,
		 backdropOf(settings, video),
		 prepared_->layout,
		 interpolationOf(settings, prepared_->content),
		 static_cast<float>(settings.gamma),
		 settings.normalize,
		 { static_cast<float>(settings.rangeMin), static_cast<float>(settings.rangeMax) },
		 tiles,
		 table_,
		 palette_,
		 rangeLine_,
		 settings.colorbar ? tiles : std::min(tiles, 1),
		 memory_,
		 settings.drawRoi ? boxes : Boxes{},
		 caption_,
		 prepared_->bar,
		 header_ };
}

} /* namespace fm */
