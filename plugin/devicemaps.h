/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "elementtype.h"
#include "frame/size.h"
#include "view/maps.h"

namespace fm {

/** \brief Maps on a device, [height, width, channels]: channels last, without gaps */
struct DeviceMaps {
	const void *data;
	ElementType type;
	int channels, height, width;

	Size size() const { return { width, height }; }
	template<typename T>
	BasicFeatureMaps<T> as() const
	{
		return { static_cast<const T *>(data),       channels, height, width, 1,
			 std::ptrdiff_t{ channels } * width, channels };
	}
};

} /* namespace fm */
