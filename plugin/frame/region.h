/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

namespace fm {

/** \brief What somebody has marked on a frame, a detector for one; in pixels, and may go beyond it
 */
struct Region {
	int x, y, width, height;
};

} /* namespace fm */
