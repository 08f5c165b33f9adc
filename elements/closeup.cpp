/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "closeup.h"

#include <string>
#include <tuple>
#include <utility>

namespace {

/* What a picture is of, but for its level: that may be another while it stays a close-up. */
auto pictured(const fm::ViewSettings &settings)
{
	return std::tie(settings.view, settings.channels, settings.columns, settings.rows);
}

} /* namespace */

std::optional<fm::ViewSettings> CloseUp::click(const fm::ViewSettings &settings,
                                               const std::optional<fm::ShownChannel> &channel)
{
	const std::optional<Way> way = std::exchange(way_, std::nullopt);
	fm::ViewSettings next = settings;
	++next.look;
	if (way && pictured(settings) == pictured(way->closeUp)) {
		next.view = way->before.view;
		next.channels = way->before.channels;
		next.columns = way->before.columns;
		next.rows = way->before.rows;
		next.page = way->before.page;
		if (settings.level == way->closeUp.level)
			next.level = way->before.level;
		return next;
	}
	if (!channel)
		return std::nullopt;
	next.view = fm::View::SideBySide;
	next.level = channel->level;
	next.channels = std::to_string(channel->channel);
	next.columns = next.rows = 1;
	next.page = 0;
	way_ = { settings, next };
	return next;
}
