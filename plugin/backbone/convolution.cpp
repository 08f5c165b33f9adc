/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convolution.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/cpu/Utils.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/cudnn_convolution_add_relu.h>
#include <ATen/ops/cudnn_convolution_relu.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/hardsigmoid.h>
#include <ATen/ops/hardswish.h>
#include <ATen/ops/mkldnn_reorder_conv2d_weight.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/upsample_nearest2d.h>
#include <ATen/ops/zeros.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "parallel.h"
#include "tensormaps.h"
#include "torchscope.h"

namespace fm {

namespace {

using Sides = std::array<int64_t, 2>;
using Scalars = c10::List<std::optional<at::Scalar>>;
using Text = std::optional<std::string_view>;

/* oneDNN's convolutions with what follows them in one call: operators that LibTorch has for its
 * compiler, reachable through the dispatcher alone. */
template<typename Signature>
c10::TypedOperatorHandle<Signature> mkldnnOperator(const char *name, const char *overload)
{
	return c10::Dispatcher::singleton().findSchemaOrThrow(name, overload).typed<Signature>();
}

using Unary = at::Tensor(const at::Tensor &, const at::Tensor &, const std::optional<at::Tensor> &,
                         at::IntArrayRef, at::IntArrayRef, at::IntArrayRef, int64_t,
                         std::string_view, Scalars, Text);
using Binary = at::Tensor(const at::Tensor &, const at::Tensor &, const at::Tensor &,
                          const std::optional<at::Tensor> &, at::IntArrayRef, at::IntArrayRef,
                          at::IntArrayRef, int64_t, std::string_view, std::optional<at::Scalar>,
                          Text, Scalars, Text);
using BinaryInPlace = at::Tensor &(at::Tensor &, const at::Tensor &, const at::Tensor &,
                                   const std::optional<at::Tensor> &, at::IntArrayRef,
                                   at::IntArrayRef, at::IntArrayRef, int64_t, std::string_view,
                                   std::optional<at::Scalar>, Text, Scalars, Text);

constexpr Sides noDilation = { 1, 1 };

Sides stridesOf(const WindowShape &shape)
{
	return { shape.stride, shape.stride };
}

Sides paddingOf(const WindowShape &shape)
{
	return { shape.padding(), shape.padding() };
}

/* ReLU6 is hardtanh between 0 and 6. */
const char *mkldnnName(Activation activation)
{
	constexpr const char *names[] = { "none", "relu", "hardtanh", "hardswish", "hardsigmoid" };
	return names[static_cast<int>(activation)];
}

/* Behind a sum no activation has no name. */
Text mkldnnNameBehindSum(Activation activation)
{
	return activation == Activation::None ? Text() : Text(mkldnnName(activation));
}

Scalars mkldnnScalars(Activation activation)
{
	Scalars scalars;
	if (activation == Activation::Relu6) {
		scalars.push_back(at::Scalar(0.0));
		scalars.push_back(at::Scalar(6.0));
	}
	return scalars;
}

} /* namespace */

at::Tensor &activate(at::Tensor &x, Activation activation)
{
	switch (activation) {
	case Activation::Relu:
		return at::relu_(x);
	case Activation::Relu6:
		return at::clamp_(x, 0, 6);
	case Activation::Hardswish:
		return at::hardswish_(x);
	case Activation::Hardsigmoid:
		return at::hardsigmoid_(x);
	case Activation::None:
		break;
	}
	return x;
}

namespace {

/* [out, in / groups, k, k] to the same for what is given, channels last, each channel out times its
 * \a scale: one pass over the file's memory, with products in float64. */
at::Tensor scaledKernel(const at::Tensor &kernel, const at::Tensor &scale,
                        ConvolutionParameters::Input input)
{
	const int64_t in = kernel.size(1);
	const int64_t side = kernel.size(2);
	const int64_t channels = in + input.ignored;
	at::Tensor result = at::empty(
		{ kernel.size(0), channels, side, side },
		at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
	const auto from = kernel.accessor<float, 4>();
	const double *scales = scale.const_data_ptr<double>();
	auto *to = result.mutable_data_ptr<float>();
	parallelFor(static_cast<int>(kernel.size(0)), 1, [&](int begin, int end) {
		for (int64_t out = begin; out < end; ++out) {
			float *at = to + out * channels * side * side;
			for (int64_t y = 0; y < side; ++y)
				for (int64_t x = 0; x < side; ++x, at += channels) {
					for (int64_t c = 0; c < in; ++c)
						at[input.isReversed ? in - 1 - c : c] =
							static_cast<float>(from[out][c][y][x] *
						                           scales[out]);
					std::fill(at + in, at + channels, 0.0f);
				}
		}
	});
	return result;
}

} /* namespace */

ConvolutionParameters ConvolutionParameters::load(StateDict &parameters, const Node &node,
                                                  double bnEpsilon,
                                                  const at::TensorOptions &options, Input input)
{
	const WindowShape &shape = node.shape;
	const at::Tensor kernel =
		parameters.take(node.name + ".weight",
	                        { shape.out, shape.in / shape.groups, shape.kernel, shape.kernel },
	                        Parameter::ConvolutionWeight);
	const auto take = [&](const std::string &name, Parameter parameter) {
		return parameters.take(name, { shape.out }, parameter).to(at::kDouble);
	};
	const at::Tensor ownBias = node.hasBias() ? take(node.name + ".bias", Parameter::Zero)
	                                          : at::zeros({ shape.out }, at::kDouble);
	at::Tensor scale = at::ones({ shape.out }, at::kDouble);
	at::Tensor bias = ownBias;
	if (!node.norm.empty()) {
		const at::Tensor weight = take(
			node.norm + ".weight",
			node.added == Node::nothing ? Parameter::One : Parameter::ResidualScale);
		const at::Tensor shift = take(node.norm + ".bias", Parameter::Zero);
		const at::Tensor mean = take(node.norm + ".running_mean", Parameter::Zero);
		const at::Tensor var = take(node.norm + ".running_var", Parameter::One);
		scale = (weight * at::rsqrt(var + bnEpsilon)).contiguous();
		bias = shift + (ownBias - mean) * scale;
	}
	return { scaledKernel(kernel, scale, input).to(options), bias.to(options) };
}

ConvolutionParameters ConvolutionParameters::slice(const ChannelSet &channels) const
{
	if (channels.isAll())
		return *this;
	const std::vector<int64_t> list(channels.list().begin(), channels.list().end());
	const at::Tensor index =
		at::tensor(list, at::TensorOptions(weight.device()).dtype(at::kLong));
	return { weight.index_select(0, index).contiguous(at::MemoryFormat::ChannelsLast),
		 bias.index_select(0, index) };
}

/* Of what LibTorch tells about a CPU, AVX512-VNNI is nearest to what oneDNN wants for bfloat16. For
 * float16 it wants what few CPUs have. Sums of one channel alone it refuses. */
Convolution::By Convolution::chooseBy(const at::Tensor &weight)
{
	if (weight.is_cuda()) {
		/* cuDNN has no bfloat16 on Turing. */
		const bool knowsType =
			weight.scalar_type() != at::kBFloat16 ||
			at::detail::getCUDAHooks().supportsBFloat16ConvolutionWithCuDNNv8();
		return knowsType ? By::CuDnn : By::LibTorch;
	}
	if (!at::hasMKLDNN() || weight.size(0) == 1)
		return By::LibTorch;
	const bool knowsType =
		weight.scalar_type() == at::kFloat ||
		(weight.scalar_type() == at::kBFloat16 && at::cpu::is_avx512_vnni_supported());
	return knowsType ? By::OneDnn : By::LibTorch;
}

Convolution::Convolution(const Node &node, const ConvolutionParameters &parameters,
                         at::IntArrayRef input)
	: shape_(node.shape), activation_(node.activation), by_(chooseBy(parameters.weight)),
	  weight_(parameters.weight), bias_(parameters.bias)
{
	if (by_ == By::OneDnn)
		weight_ = at::mkldnn_reorder_conv2d_weight(weight_.to_mkldnn(), paddingOf(shape_),
		                                           stridesOf(shape_), noDilation,
		                                           shape_.groups, input);
}

/* Then cuBLAS adds the bias along, where LibTorch's convolution needs a kernel more. */
bool Convolution::isMatrixProduct(const at::Tensor &x) const
{
	return weight_.is_cuda() && shape_.kernel == 1 && shape_.groups == 1 &&
	       x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor Convolution::withoutActivation(const at::Tensor &x) const
{
	if (!isMatrixProduct(x))
		return at::conv2d(x, weight_, bias_, stridesOf(shape_), paddingOf(shape_),
		                  noDilation, shape_.groups);
	const at::Tensor taken = x.permute({ 0, 2, 3, 1 })
	                                 .slice(1, 0, std::nullopt, shape_.stride)
	                                 .slice(2, 0, std::nullopt, shape_.stride)
	                                 .contiguous();
	return at::addmm(bias_, taken.view({ -1, x.size(1) }),
	                 weight_.view({ weight_.size(0), x.size(1) }).t())
	        .view({ 1, taken.size(1), taken.size(2), weight_.size(0) })
	        .permute({ 0, 3, 1, 2 });
}

at::Tensor Convolution::separately(const at::Tensor &x) const
{
	at::Tensor result = withoutActivation(x);
	return activate(result, activation_);
}

at::Tensor Convolution::fused(const at::Tensor &x) const
{
	return at::cudnn_convolution_relu(x, weight_, bias_, stridesOf(shape_), paddingOf(shape_),
	                                  noDilation, shape_.groups);
}

/* For some shapes cuDNN has nothing that does it in one call, which shows with the first one. That
 * is never recorded: so here is the place to do without. */
template<typename Body>
std::optional<at::Tensor> Convolution::tryFused(Body &&body) const
{
	try {
		return body();
	} catch (const c10::OutOfMemoryError &) {
		throw;
	} catch (const c10::AcceleratorError &) {
		throw;
	} catch (const c10::Error &) {
		by_ = By::LibTorch;
		return std::nullopt;
	}
}

/* By the clock. */
bool Convolution::isFusedFaster(const at::Tensor &x) const
{
	const c10::Stream stream =
		c10::impl::VirtualGuardImpl(x.device().type()).getStream(x.device());
	const auto time = [&](auto &&body) {
		body(); /* cuDNN chooses how. */
		stream.synchronize();
		const auto start = std::chrono::steady_clock::now();
		for (int i = 0; i < 5; ++i)
			body();
		stream.synchronize();
		return std::chrono::steady_clock::now() - start;
	};
	return time([&] { fused(x); }) < time([&] { separately(x); });
}

at::Tensor Convolution::operator()(const at::Tensor &x) const
{
	if (by_ == By::CuDnn && activation_ == Activation::Relu) {
		/* An image's few channels, or groups of them, are not what cuDNN's fused
		 * convolutions are made for. */
		const bool hasFew = x.size(1) < 8 || shape_.groups > 1;
		if (const auto result = tryFused([&] {
			    if (!std::exchange(isTried_, true) && hasFew && !isFusedFaster(x))
				    by_ = By::LibTorch;
			    return by_ == By::CuDnn ? fused(x) : separately(x);
		    }))
			return *result;
	}
	if (by_ != By::OneDnn)
		return separately(x);
	static const auto op = mkldnnOperator<Unary>("mkldnn::_convolution_pointwise", "");
	return op.call(x, weight_, bias_, paddingOf(shape_), stridesOf(shape_), noDilation,
	               shape_.groups, mkldnnName(activation_), mkldnnScalars(activation_), "");
}

at::Tensor Convolution::plus(const at::Tensor &x, const at::Tensor &other) const
{
	if (by_ == By::CuDnn && activation_ == Activation::Relu)
		if (const auto result = tryFused([&] {
			    return at::cudnn_convolution_add_relu(
				    x, weight_, other, 1.0, bias_, stridesOf(shape_),
				    paddingOf(shape_), noDilation, shape_.groups);
		    }))
			return *result;
	if (by_ != By::OneDnn) {
		at::Tensor result = withoutActivation(x).add_(other);
		return activate(result, activation_);
	}
	static const auto op = mkldnnOperator<Binary>("mkldnn::_convolution_pointwise", "binary");
	return op.call(x, other, weight_, bias_, paddingOf(shape_), stridesOf(shape_), noDilation,
	               shape_.groups, "add", at::Scalar(1.0), mkldnnNameBehindSum(activation_),
	               mkldnnScalars(activation_), std::nullopt);
}

void Convolution::addTo(const at::Tensor &x, at::Tensor &other) const
{
	if (by_ != By::OneDnn) {
		other = plus(x, other);
		return;
	}
	static const auto op =
		mkldnnOperator<BinaryInPlace>("mkldnn::_convolution_pointwise_", "binary");
	op.call(other, x, weight_, bias_, paddingOf(shape_), stridesOf(shape_), noDilation,
	        shape_.groups, "add", at::Scalar(1.0), mkldnnNameBehindSum(activation_),
	        mkldnnScalars(activation_), std::nullopt);
}

at::Tensor Convolution::plusUpsampled(const at::Tensor &x, const at::Tensor &other) const
{
	const Size size = { shape_.outputSize(static_cast<int>(x.size(3))),
		            shape_.outputSize(static_cast<int>(x.size(2))) };
	CudaDevice *device = TorchScope::device();
	if (!device || activation_ != Activation::None) {
		at::Tensor result = at::upsample_nearest2d(other, { size.height, size.width });
		addTo(x, result);
		return result;
	}
	/* No need to write out what is added. */
	at::Tensor result = (*this)(x).contiguous(at::MemoryFormat::ChannelsLast);
	device->addUpsampled(deviceMaps(other.contiguous(at::MemoryFormat::ChannelsLast)),
	                     result.mutable_data_ptr(), size);
	return result;
}

} /* namespace fm */
