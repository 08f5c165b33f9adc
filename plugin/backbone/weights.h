/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <string>

#include "backbone.h"

namespace fm {

struct LoadedBackbone {
	std::unique_ptr<Backbone> backbone;
	std::string warning; /**< A sentence on parameters that are random, or empty */
};

/**
 * \brief Builds a backbone with the weights in \a file
 *
 * With no file all parameters are random, from a fixed seed. With a classifier's weights the FPN's
 * are. Backbones of the same file, as long as it does not change, share their parameters where
 * all else is the same too.
 *
 * \a imageChannels, 3 or more, are the channels of the images that it is given; those beyond the
 * third are ignored.
 *
 * \throws Error NotFound or Unreadable for the file, Mismatch where it belongs to another network
 */
LoadedBackbone loadBackbone(const Architecture &architecture, const std::string &file,
                            at::TensorOptions options, double bnEpsilon, int imageChannels = 3);

} /* namespace fm */
