/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preprocess.h"

#include <charconv>
#include <cmath>

#include "error.h"

namespace fm {

std::array<float, 3> channelValues(const std::string &text)
{
	std::array<float, 3> values = {};
	const char *at = text.data();
	const char *end = at + text.size();
	for (std::size_t i = 0; i < values.size(); ++i) {
		const auto [stop, error] = std::from_chars(at, end, values[i]);
		const bool endsRight =
			i + 1 < values.size() ? stop != end && *stop == ',' : stop == end;
		if (error != std::errc() || !endsRight || !std::isfinite(values[i]))
			throw Error(
				Error::Kind::BadSetting,
				"'" + text +
					"' is not three numbers, of red, green and blue, such as "
					"0.485,0.456,0.406");
		at = stop + 1;
	}
	return values;
}

} /* namespace fm */
