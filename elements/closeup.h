/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>

#include "view/settings.h"
#include "view/shownpicture.h"

/**
 * \brief The channel of a tile that is clicked at, alone and beside the input, and the way back
 *
 * On the way back what was set meanwhile stays. Where that was another view, or other channels, or
 * another grid, there is none, and the next click is a first one.
 */
class CloseUp
{
public:
	/**
	 * \brief What \a settings become by a click on \a channel; none where it means nothing
	 *
	 * Without a \a channel it was beside any tile, which is good enough for the way back.
	 */
	std::optional<fm::ViewSettings> click(const fm::ViewSettings &settings,
	                                      const std::optional<fm::ShownChannel> &channel);

private:
	struct Way {
		fm::ViewSettings before, closeUp;
	};
	std::optional<Way> way_;
};
