/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

namespace fm {

/** \brief A device's primary context, in which LibTorch works */
struct CudaContext {
	void *handle; /**< A CUcontext */
	int device;
};

} /* namespace fm */
