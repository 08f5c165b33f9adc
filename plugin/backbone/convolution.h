/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <optional>

#include <ATen/core/Tensor.h>

#include "channelset.h"
#include "network.h"
#include "statedict.h"

namespace fm {

/** \brief What a convolution multiplies and adds, a batch norm behind it folded in */
struct ConvolutionParameters {
	at::Tensor weight; /**< [out, in / groups, kernel, kernel], channels last */
	at::Tensor bias;   /**< [out] */

	/** \brief In what the channels that a convolution is given differ from those of its weights
	 */
	struct Input {
		int ignored = 0;         /**< So many more come last */
		bool isReversed = false; /**< The weights' last channel comes first */
	};

	/**
	 * \brief Those of \a node, as \a parameters has them
	 *
	 * In eval mode a norm is (x - mean) / sqrt(var + epsilon) * weight + bias, so it only
	 * scales the kernels and gives a bias. Computed in float64, kept as \a options say.
	 */
	static ConvolutionParameters load(StateDict &parameters, const Node &node, double bnEpsilon,
	                                  const at::TensorOptions &options, Input input);

	/** \brief Those of the channels out in \a channels alone */
	ConvolutionParameters slice(const ChannelSet &channels) const;
};

/** \brief In place */
at::Tensor &activate(at::Tensor &x, Activation activation);

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

	/** \brief The same, in place of \a other, which may be written over */
	void addTo(const at::Tensor &x, at::Tensor &other) const;

	/** \brief The same with \a other brought to the result's size, to the nearest */
	at::Tensor plusUpsampled(const at::Tensor &x, const at::Tensor &other) const;

private:
	/* Who computes it, with the activation and the sum in the same call where they know how. */
	enum class By { OneDnn, CuDnn, LibTorch };

	static By chooseBy(const at::Tensor &weight);
	bool isMatrixProduct(const at::Tensor &x) const;
	at::Tensor withoutActivation(const at::Tensor &x) const;
	at::Tensor separately(const at::Tensor &x) const;
	at::Tensor fused(const at::Tensor &x) const;
	template<typename Body>
	std::optional<at::Tensor> tryFused(Body &&body) const;
	bool isFusedFaster(const at::Tensor &x) const;

	WindowShape shape_;
	Activation activation_;
	mutable By by_; /* May change with the first call. */
	mutable bool isTried_ = false;
	at::Tensor weight_; /* For oneDNN in a layout of its own. */
	at::Tensor bias_;
};

} /* namespace fm */
