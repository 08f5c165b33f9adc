/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ATen/core/Tensor.h>

#include "channelset.h"
#include "network.h"
#include "statedict.h"

namespace fm {

/** \brief What a convolution multiplies and adds, a batch norm behind it folded in */
struct ConvolutionParameters {
	at::Tensor weight; /**< [out, in / groups, kernel, kernel], channels last */
	at::Tensor bias;   /**< [out] */

	/**
	 * \brief Those of \a node, as \a parameters has them
	 *
	 * In eval mode a norm is (x - mean) / sqrt(var + epsilon) * weight + bias, so it only
	 * scales the kernels and gives a bias. Computed in float64, kept as \a options say.
	 */
	static ConvolutionParameters load(StateDict &parameters, const Node &node, double bnEpsilon,
	                                  const at::TensorOptions &options);

	/** \brief Those of the channels out in \a channels alone */
	ConvolutionParameters slice(const ChannelSet &channels) const;
};

/** \brief A convolution and its activation, made ready for one size of input */
class Convolution
{
public:
	/** \brief For inputs of the shape \a input, [1, in, H, W]; \a parameters may be a slice */
	Convolution(const Node &node, const ConvolutionParameters &parameters,
	            at::IntArrayRef input);

	/** \brief [1, in, H, W] to [1, out, h, w] */
	at::Tensor operator()(const at::Tensor &x) const;

	/** \brief The same with \a other, [1, out, h, w], added before the activation */
	at::Tensor plus(const at::Tensor &x, const at::Tensor &other) const;

	/** \brief The same, written over \a other */
	void addTo(const at::Tensor &x, at::Tensor &other) const;

private:
	at::Tensor withoutActivation(const at::Tensor &x) const;
	at::Tensor &activate(at::Tensor &x) const;

	WindowShape shape_;
	Activation activation_;
	bool packed_;       /* Laid out for oneDNN, which takes the activation and sum along. */
	at::Tensor weight_; /* Opaque where packed. */
	at::Tensor bias_;
};

} /* namespace fm */
