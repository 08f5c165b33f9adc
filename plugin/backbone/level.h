/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

namespace fm {

/** \brief One place of a backbone whose feature maps can be shown */
struct Level {
	std::string name; /**< "c2", "p3", "pool" ... */
	std::string
		layer; /**< The module that gives it, as torchvision names it: "body.layer1" ... */
	int channels = 0;
	int stride = 0; /**< Pixels of the network's input per value of a map */

	bool operator==(const Level &) const = default;
};

} /* namespace fm */
