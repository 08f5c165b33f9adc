/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include "devicemaps.h"

namespace fm {

inline ElementType elementType(c10::ScalarType type)
{
	return type == at::kHalf       ? ElementType::Float16
	       : type == at::kBFloat16 ? ElementType::BFloat16
	                               : ElementType::Float32;
}

/** \brief Of \a maps, [1, n, h, w], float32, on the CPU */
inline FeatureMaps hostMaps(const at::Tensor &maps)
{
	return { maps.const_data_ptr<float>(),
		 static_cast<int>(maps.size(1)),
		 static_cast<int>(maps.size(2)),
		 static_cast<int>(maps.size(3)),
		 maps.stride(1),
		 maps.stride(2),
		 maps.stride(3) };
}

/** \brief Of \a maps, [1, n, h, w], channels last */
inline DeviceMaps deviceMaps(const at::Tensor &maps)
{
	return { maps.const_data_ptr(), elementType(maps.scalar_type()),
		 static_cast<int>(maps.size(1)), static_cast<int>(maps.size(2)),
		 static_cast<int>(maps.size(3)) };
}

} /* namespace fm */
