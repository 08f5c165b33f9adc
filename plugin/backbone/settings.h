/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <compare>
#include <optional>
#include <string>

#include "kind.h"

namespace fm {

/** \brief Order in which a network takes the channels of an image; Auto: as in the weights' family
 */
enum class ChannelOrder { Auto, Rgb, Bgr };

/** \brief The convolution of a bottleneck that has its stride; Auto: as in the weights' family */
enum class BottleneckStride { Auto, In1x1, In3x3 };

/** \brief What a user chose for the backbone */
struct BackboneSettings {
	BackboneKind backbone = BackboneKind::Auto;
	std::string weights = {};             /**< Empty: random, from a fixed seed */
	std::optional<double> bnEpsilon = {}; /**< Of batch norms; unset: the network's own */
	ChannelOrder channelOrder = ChannelOrder::Auto;
	BottleneckStride bottleneckStride = BottleneckStride::Auto;

	auto operator<=>(const BackboneSettings &) const = default;
};

} /* namespace fm */
