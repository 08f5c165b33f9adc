/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convolution.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/rsqrt.h>

namespace fm {

namespace {

at::Tensor takeWeight(const Scope &scope, const ConvolutionShape &shape)
{
	return scope.take("weight",
	                  { shape.out, shape.in / shape.groups, shape.kernel, shape.kernel },
	                  Parameter::ConvolutionWeight);
}

} /* namespace */

Convolution Convolution::withBias(const Scope &convolution, const ConvolutionShape &shape)
{
	const at::Tensor weight = takeWeight(convolution, shape);
	const at::Tensor bias = convolution.take("bias", { shape.out }, Parameter::Zero);
	return { shape, weight.to(convolution.options()), bias.to(convolution.options()) };
}

Convolution Convolution::withNorm(const Scope &convolution, const Scope &norm,
                                  const ConvolutionShape &shape)
{
	const auto take = [&](const char *name, Parameter parameter) {
		return norm.take(name, { shape.out }, parameter).to(at::kDouble);
	};
	const at::Tensor kernel = takeWeight(convolution, shape).to(at::kDouble);
	const at::Tensor weight = take("weight", Parameter::One);
	const at::Tensor bias = take("bias", Parameter::Zero);
	const at::Tensor mean = take("running_mean", Parameter::Zero);
	const at::Tensor var = take("running_var", Parameter::One);

	const at::Tensor scale = weight * at::rsqrt(var + norm.bnEpsilon());
	return { shape, (kernel * scale.view({ -1, 1, 1, 1 })).to(convolution.options()),
		 (bias - mean * scale).to(convolution.options()) };
}

at::Tensor Convolution::operator()(const at::Tensor &x) const
{
	const int64_t stride = shape_.stride;
	const int64_t padding = (shape_.kernel - 1) / 2;
	return at::conv2d(x, weight_, bias_, { stride, stride }, { padding, padding }, { 1, 1 },
	                  shape_.groups);
}

} /* namespace fm */
