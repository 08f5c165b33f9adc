/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backbone/level.h"
#include "layout.h"
#include "settings.h"

namespace fm {

/** \brief Which maps a panel shows */
struct ShownMaps {
	std::string level = {};
	std::vector<int> channels = {}; /**< By tile; empty where no tile is of one channel */

	/** \brief Those of a panel of \a settings, where \a shown are the channels of \a level */
	static ShownMaps of(const ViewSettings &settings, const Level &level,
	                    const std::vector<int> &shown);
};

/** \brief A panel of a picture as it was drawn */
struct ShownPanel {
	MosaicLayout layout;
	int left, top; /**< In the picture */
	ShownMaps maps;
};

/** \brief A channel of a level */
struct ShownChannel {
	std::string level;
	int channel;

	bool operator==(const ShownChannel &) const = default;
};

/** \brief The channel whose tile is at \a x and \a y of a picture of \a panels, where there is one
 */
std::optional<ShownChannel> channelAt(std::span<const ShownPanel> panels, double x, double y);

} /* namespace fm */
