/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

namespace fm {

enum class Preprocess { None, ImageNet, Detection };

/** \brief What happens to a frame before the network sees it */
struct PreprocessSettings {
	Preprocess mode = Preprocess::ImageNet;
	unsigned minSize = 800;  /**< Detection: pixels of the shorter side */
	unsigned maxSize = 1333; /**< Detection: most pixels of the longer side */
};

} /* namespace fm */
