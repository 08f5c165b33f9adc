/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

#include "featurepyramidnetwork.h"
#include "network.h"

namespace fm {

/**
 * \brief Writes down the features of a MobileNet, one after the other
 *
 * The levels c1, c2 ... are the last feature before each stride and the last of all. Where the kind
 * has an FPN, it is that of torchvision's mobilenet_backbone: it takes from the last feature with a
 * stride and the last of all, and "features" are called "body".
 */
class MobileNetFeatures
{
public:
	explicit MobileNetFeatures(const Architecture &architecture) : architecture_(architecture)
	{
	}

	/** \brief What is appended from now on belongs to the next feature, which has this stride
	 */
	void begin(int stride);

	/** \brief With its names within the feature; where it says no input, behind the last */
	void append(Node node);

	/** \brief What the feature takes */
	int input() const { return input_; }
	/** \brief What the last node gives */
	int last() const { return last_; }
	/** \brief Channels of it */
	int channels() const { return network_.nodes[last_].shape.out; }

	/** \brief With the levels and the FPN */
	Network finish();

private:
	std::string layer() const;
	void end();
	void addLevel();

	Architecture architecture_;
	Network network_;
	int feature_ = -1;      /* The number of the feature. */
	int featureStride_ = 1; /* Its own. */
	int stride_ = 1;        /* In pixels of the image. */
	int input_ = Node::image;
	int last_ = Node::image;
	FpnInput strided_ = {}; /* The last feature with a stride. */
};

/** \brief torchvision's Conv2dNormActivation \a scope: a convolution at 0, its batch norm at 1 */
Node convolutionNormActivation(const std::string &scope, const WindowShape &shape,
                               Activation activation);

} /* namespace fm */
