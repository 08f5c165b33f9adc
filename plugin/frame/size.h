/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

namespace fm {

/** \brief Width and height in pixels */
struct Size {
	int width, height;

	bool operator==(const Size &) const = default;
};

} /* namespace fm */
