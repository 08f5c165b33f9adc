/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "backbone/backbone.h"
#include "cudadevice.h"
#include "drawnlevel.h"
#include "header.h"
#include "label.h"
#include "rangeline.h"
#include "settings.h"

namespace fm {

/** \brief What a mosaic on a device is of */
struct DevicePicture {
	DrawnLevel level = {};
	Size maps = {};                 /**< Of each of the maps */
	ChannelSet held = {};           /**< The channels that they are */
	std::vector<int> channels = {}; /**< Those shown, in the order of the tiles */
	MosaicLayout layout;
	Colormap colormap = Colormap::Viridis;
	bool labels = false;
	View content = View::Mosaic;
	Caption caption = {};
	ColorBar bar = {};
	HeaderContent header = {};

	bool operator==(const DevicePicture &) const = default;
};

/**
 * \brief A view's part of the device: what its kernels read and keep
 *
 * All of it is used in the order of the lane Compute, and new memory is taken where something has
 * to be larger or other than for the frame before.
 */
class DeviceView
{
public:
	/** \brief Room for levels of \a channels channels at most, and \a tiles tiles; what lasts
	 * from frame to frame stays */
	void makeRoom(CudaDevice &device, int channels, int tiles);

	/**
	 * \brief Copies what lasts from frame to frame to memory for the lanes of another \a
	 * device, which is the same one in truth
	 *
	 * \return What it was in, to be kept until the frame is done
	 */
	at::Tensor move(CudaDevice &device);

	/** \brief Forgets the running ranges */
	void forget(CudaDevice &device);

	/** \brief Brings tiles, colours and labels to the device, where they are not what they were
	 */
	void prepare(CudaDevice &device, const DevicePicture &picture);

	/** \brief For the kernels; after prepare(). \a output and \a video are on the device */
	PictureParameters parameters(const ViewSettings &settings, const Frame &output,
	                             const Frame &video = {}, const Boxes &boxes = {}) const;

	/** \brief Host memory that a copy may still read: to be kept until the frame is done */
	const at::Tensor &staging() const { return staging_; }

private:
	void allocate(CudaDevice &device, int channels, int tiles);

	int channels_ = 0, tiles_ = 0; /* That there is room for. */
	at::Tensor memoryBytes_;
	ViewMemory memory_ = {};

	std::optional<DevicePicture> prepared_;
	at::Tensor tableBytes_, staging_;
	/* The rest is in tableBytes_. */
	const TileParameters *table_ = nullptr;
	const Rgba8 *palette_ = nullptr;
	RangeLineView rangeLine_ = {};
	CaptionView caption_ = {};
	HeaderView header_ = {};
	LastHeader lastHeader_;
};

/** \brief Bytes on the device, for the lane Compute */
at::Tensor deviceBytes(const CudaDevice &device, std::size_t count);

/** \brief Bytes on the host that the device can copy from and to */
at::Tensor hostBytes(const CudaDevice &device, std::size_t count);
/** \brief The same for one that wants it \a isPinned, or not */
at::Tensor hostBytes(bool isPinned, std::size_t count);

} /* namespace fm */
