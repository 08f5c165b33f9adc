/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "backbone/backbone.h"
#include "backbone/level.h"
#include "componentbasis.h"
#include "drawnlevel.h"
#include "settings.h"

namespace fm {

/** \brief Maps to be drawn, and what they are called */
struct DerivedMaps {
	LevelMaps maps; /**< float32, channels last */
	DrawnLevel level;
};

/** \brief Principal components of a level's channels: found in the frames, or given */
class PrincipalComponents
{
public:
	static constexpr int count = 3;

	/**
	 * \brief The components of one more frame, [1, 3, h, w]
	 *
	 * Those of the first frame are exact: its eigenvectors of highest variance, each with its
	 * entry of largest magnitude above 0. With \a follows the basis is then taken a step
	 * towards each frame's, so that it has no jumps and no changes of sign; else it stays.
	 */
	at::Tensor next(const at::Tensor &maps, bool follows);

	/**
	 * \brief The components of one more frame, [1, 3, h, w], along a basis that is given
	 *
	 * In standard deviations of the basis. \a maps are of the \a channels of its level, the
	 * same each time; others are taken to be at their mean.
	 */
	at::Tensor along(const std::shared_ptr<const ComponentBasis> &basis, const at::Tensor &maps,
	                 const ChannelSet &channels);

private:
	at::Tensor of(const at::Tensor &values, const at::Tensor &maps) const;

	at::Tensor mean_;     /* [C, 1] */
	at::Tensor basis_;    /* [C, 3], orthonormal columns, but for those that are given */
	at::Tensor variance_; /* [3], along them */
	std::shared_ptr<const ComponentBasis> given_; /* That the above are; or null. */
};

/**
 * \brief What a view makes of a level's maps before they are drawn, from frame to frame
 *
 * Of a mosaic it is the maps themselves. Works where the maps are: on the CPU or a device.
 */
class Derivation
{
public:
	/** \brief Frames that a timeline goes back */
	static constexpr int timelineFrames = 256;

	/** \brief Whether a \a view has any use of next() */
	static bool isNeededFor(View view);

	/** \brief Whether what was made with settings \a before serves for \a now, without another
	 * frame
	 */
	static bool mayRepeat(const ViewSettings &before, const ViewSettings &now);
	/** \brief The channels of what next() gives, where \a shown are those of the level */
	static std::vector<int> drawn(const ViewSettings &settings, const std::vector<int> &shown);
	/** \brief What next() calls what it makes of \a level */
	static DrawnLevel named(const ViewSettings &settings, const Level &level);
	/** \brief Which channels those are that next() makes of \a held */
	static ChannelSet heldOf(const ViewSettings &settings, const Level &level,
	                         const std::vector<int> &shown, const ChannelSet &held);
	/** \brief The size of what next() makes of maps of \a size */
	static Size sizeOf(View view, Size size);

	/** \brief Those of one more frame: \a maps of \a level, among them the channels \a shown;
	 * \a others are those of the checkpoint that is compared with
	 */
	DerivedMaps next(const LevelMaps &maps, const Level &level, const std::vector<int> &shown,
	                 const ViewSettings &settings, const LevelMaps &others = {});

private:
	at::Tensor made(const at::Tensor &maps, const at::Tensor &others,
	                const ViewSettings &settings);
	at::Tensor change(const at::Tensor &maps);
	at::Tensor timeline(const at::Tensor &maps, Reduce reduce);

	Level level_; /* That the rest belongs to. */
	View view_ = View::Mosaic;
	ChannelSet channels_;
	at::Tensor previous_; /* Maps, or a timeline, of the frame before. */
	PrincipalComponents components_;
};

} /* namespace fm */
