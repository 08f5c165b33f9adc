/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <string>

#include "backbone.h"
#include "frame/preprocess.h"
#include "settings.h"

namespace fm {

struct LoadedBackbone {
	std::unique_ptr<Backbone> backbone;
	BackboneKind kind;           /**< Not Auto */
	Normalisation normalisation; /**< Of the images that it was trained on */
	std::string warning;         /**< A sentence on parameters that are random, or empty */
};

/**
 * \brief Builds a backbone with its weights
 *
 * With no file all parameters are random, from a fixed seed. With a classifier's weights those of
 * an FPN are. Backbones of the same file, as long as it does not change, share their parameters
 * where all else is the same too.
 *
 * \a imageChannels, 3 or more, are the channels of the images that it is given; those beyond the
 * third are ignored.
 *
 * \throws Error NotFound or Unreadable for the file, Mismatch where it belongs to another network
 */
LoadedBackbone loadBackbone(const BackboneSettings &settings, at::TensorOptions options,
                            int imageChannels = 3);

} /* namespace fm */
