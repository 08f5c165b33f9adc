/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <array>
#include <string>

namespace fm {

enum class Preprocess { None, ImageNet, Detection };

/**
 * \brief Mean and standard deviation of red, green and blue in 0..1, which are taken out of an
 * image
 *
 * Without changes those of ImageNet's images, which torchvision's models were trained on.
 */
struct Normalisation {
	std::array<float, 3> mean = { 0.485f, 0.456f, 0.406f };
	std::array<float, 3> deviation = { 0.229f, 0.224f, 0.225f };

	bool operator==(const Normalisation &) const = default;
};

/**
 * \brief "0.485,0.456,0.406": three numbers, of red, green and blue
 * \throws Error BadSetting
 */
std::array<float, 3> channelValues(const std::string &text);

/** \brief What happens to a frame before the network sees it */
struct PreprocessSettings {
	Preprocess mode = Preprocess::ImageNet;
	unsigned minSize = 800;           /**< Detection: pixels of the shorter side */
	unsigned maxSize = 1333;          /**< Detection: most pixels of the longer side */
	Normalisation normalisation = {}; /**< In all modes but None */
};

} /* namespace fm */
