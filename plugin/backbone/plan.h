/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <vector>

#include "channelset.h"
#include "frame/size.h"
#include "network.h"

namespace fm {

/** \brief The channels that are to be computed of each of Network::levels */
using Demand = std::vector<ChannelSet>;

/** \brief One node of a network as it is computed for a demand */
struct Step {
	int node;            /**< Its place in Network::nodes */
	ChannelSet channels; /**< Of its result, those that are computed */
	Size size;           /**< Of its result's maps */
	/** \brief The source whose maps the result may be written over, as nothing needs them
	 * afterwards; or nothing
	 */
	int overwrites = Node::nothing;
	/** \brief Nodes whose results nothing needs after this step */
	std::vector<int> released = {};
	int64_t multiplyAdds = 0; /**< Of convolutions, as in [out, h, w] x [in / groups, k, k] */
};

/**
 * \brief The shortest way through a network to what is shown
 *
 * A layer is computed only where a shown level depends on it. Of a layer that nothing but the
 * picture takes from, only the channels shown are computed; of what a convolution takes from, all.
 */
struct Plan {
	Size image; /**< Of the network's input */
	std::vector<Step> steps;

	int64_t multiplyAdds() const;

	/** \brief For an image of \a image pixels; of \a demand at least one set is not empty */
	static Plan of(const Network &network, const Demand &demand, Size image);
};

} /* namespace fm */
