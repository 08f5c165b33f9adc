/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>
#include <string_view>

#include <ATen/core/Tensor.h>

#include "statedict.h"

namespace fm {

/** \brief A place in the tree of modules: what is built there takes its parameters from here */
class Scope
{
public:
	/** \brief The root; \a options are the device and the type that parameters are kept in */
	Scope(StateDict &parameters, at::TensorOptions options, double bnEpsilon)
		: parameters_(&parameters), options_(options), bnEpsilon_(bnEpsilon)
	{
	}

	Scope operator/(std::string_view child) const
	{
		Scope scope = *this;
		scope.prefix_ += std::string(child) + ".";
		return scope;
	}
	Scope operator/(int child) const { return *this / std::to_string(child); }

	/** \brief float32, on the CPU */
	at::Tensor take(const char *name, at::IntArrayRef shape, Parameter parameter) const
	{
		return parameters_->take(prefix_ + name, shape, parameter);
	}

	const at::TensorOptions &options() const { return options_; }
	double bnEpsilon() const { return bnEpsilon_; }

private:
	StateDict *parameters_;
	at::TensorOptions options_;
	double bnEpsilon_;
	std::string prefix_;
};

/** \brief Channels in and out, square kernel, stride, groups; padded to keep the size at stride 1
 */
struct ConvolutionShape {
	int in, out, kernel;
	int stride = 1;
	int groups = 1;
};

/** \brief A 2-d convolution with a bias: [1, in, H, W] to [1, out, H / stride, W / stride], rounded
 * up */
class Convolution
{
public:
	/** \brief A convolution that has a bias of its own (torch.nn.Conv2d) */
	static Convolution withBias(const Scope &convolution, const ConvolutionShape &shape);

	/**
	 * \brief A convolution and the batch norm behind it, which is folded into it
	 *
	 * In eval mode the norm is (x - mean) / sqrt(var + epsilon) * weight + bias, so it only
	 * scales the kernels and gives a bias. Computed in float64.
	 */
	static Convolution withNorm(const Scope &convolution, const Scope &norm,
	                            const ConvolutionShape &shape);

	at::Tensor operator()(const at::Tensor &x) const;

private:
	Convolution(const ConvolutionShape &shape, at::Tensor weight, at::Tensor bias)
		: shape_(shape), weight_(std::move(weight)), bias_(std::move(bias))
	{
	}

	ConvolutionShape shape_;
	at::Tensor weight_; /* [out, in / groups, kernel, kernel] */
	at::Tensor bias_;   /* [out] */
};

} /* namespace fm */
