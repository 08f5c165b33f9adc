/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "statedict.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

namespace fm {

namespace {

constexpr uint64_t seed = 0;

/* What training scripts put in front: dicts around the state dict, DataParallel, the detector. */
constexpr std::string_view wrappers[] = { "model.", "state_dict.", "module.", "backbone." };

bool isNumber(std::string_view text)
{
	return !text.empty() &&
	       std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/* torchvision before 0.13 called "fpn.inner_blocks.0.weight" what is "fpn.inner_blocks.0.0.weight"
 * since. */
std::string currentFpnName(const std::string &name)
{
	for (const std::string_view blocks : { "fpn.inner_blocks.", "fpn.layer_blocks." }) {
		if (!name.starts_with(blocks))
			continue;
		const auto dot = name.find('.', blocks.size());
		if (dot == std::string::npos)
			continue;
		const std::string_view rest = std::string_view(name).substr(dot + 1);
		if (rest == "weight" || rest == "bias")
			return name.substr(0, dot) + ".0." + std::string(rest);
	}
	return name;
}

bool isClassificationResNet(std::string_view name)
{
	for (const std::string_view part :
	     { "conv1.", "bn1.", "layer1.", "layer2.", "layer3.", "layer4." })
		if (name.starts_with(part))
			return true;
	return false;
}

at::ScalarType atenType(ScalarType type)
{
	switch (type) {
	case ScalarType::Float64:
		return at::kDouble;
	case ScalarType::Float32:
		return at::kFloat;
	case ScalarType::Float16:
		return at::kHalf;
	case ScalarType::BFloat16:
		return at::kBFloat16;
	case ScalarType::Int64:
		return at::kLong;
	case ScalarType::Int32:
		return at::kInt;
	case ScalarType::Int16:
		return at::kShort;
	case ScalarType::Int8:
		return at::kChar;
	case ScalarType::UInt8:
		return at::kByte;
	case ScalarType::Float8E5M2:
		return at::kFloat8_e5m2;
	case ScalarType::Float8E4M3:
		return at::kFloat8_e4m3fn;
	case ScalarType::Bool:
		break;
	}
	return at::kBool;
}

/* The file's bytes may be unaligned, so the part that the view reaches is copied before use. */
at::Tensor toTensor(const Checkpoint &checkpoint, const TensorView &view)
{
	int64_t elements = 1;
	for (std::size_t i = 0; i < view.shape.size(); ++i) {
		if (view.shape[i] == 0)
			return at::zeros(view.shape, at::kFloat);
		elements += (view.shape[i] - 1) * view.strides[i];
	}

	const std::size_t size = elementSize(view.type);
	at::Tensor reach = at::empty({ elements }, atenType(view.type));
	std::memcpy(reach.mutable_data_ptr(), checkpoint.elements(view).data() + view.offset * size,
	            elements * size);
	return reach.as_strided(view.shape, view.strides).to(at::kFloat).contiguous();
}

std::string shapeText(at::IntArrayRef shape)
{
	std::string text = "[";
	for (const int64_t side : shape)
		text += (text.size() > 1 ? ", " : "") + std::to_string(side);
	return text + "]";
}

} /* namespace */

std::string canonicalName(std::string_view name)
{
	const auto wrapper = [&] {
		return std::ranges::find_if(wrappers, [&](auto w) { return name.starts_with(w); });
	};
	for (auto found = wrapper(); found != std::end(wrappers); found = wrapper())
		name.remove_prefix(found->size());

	if (name.ends_with(".num_batches_tracked"))
		return {};
	if (name.starts_with("body.") || name.starts_with("features."))
		return std::string(name);
	if (name.starts_with("fpn."))
		return currentFpnName(std::string(name));
	if (isClassificationResNet(name))
		return "body." + std::string(name);
	if (isNumber(name.substr(0, name.find('.'))) && name.find('.') != std::string_view::npos)
		return "features." + std::string(name);
	return {};
}

std::string LoadReport::summary(const std::vector<std::string> &names)
{
	constexpr std::size_t shown = 5;
	std::string text;
	for (std::size_t i = 0; i < std::min(names.size(), shown); ++i)
		text += (i ? ", " : "") + names[i];
	if (names.size() > shown)
		text += " and " + std::to_string(names.size() - shown) + " more";
	return text;
}

StateDict::StateDict() : generator_(at::make_generator<at::CPUGeneratorImpl>(seed)) {}

StateDict::StateDict(const Checkpoint &checkpoint) : StateDict()
{
	checkpoint_ = &checkpoint;
	for (const NamedTensor &entry : checkpoint.tensors())
		if (std::string name = canonicalName(entry.name); !name.empty())
			tensors_.try_emplace(std::move(name), &entry.tensor);
}

at::Tensor StateDict::initialise(at::IntArrayRef shape, Parameter parameter)
{
	if (parameter == Parameter::Zero)
		return at::zeros(shape, at::kFloat);
	if (parameter == Parameter::One)
		return at::ones(shape, at::kFloat);

	const auto fanOut = static_cast<double>(shape[0] * shape[2] * shape[3]);
	return at::empty(shape, at::kFloat).normal_(0.0, std::sqrt(2.0 / fanOut), generator_);
}

at::Tensor StateDict::take(const std::string &name, at::IntArrayRef shape, Parameter parameter)
{
	asked_.insert(name);
	const auto found = tensors_.find(name);
	if (found == tensors_.end()) {
		report_.missing.push_back(name);
		return initialise(shape, parameter);
	}

	const TensorView &view = *found->second;
	if (at::IntArrayRef(view.shape) != shape) {
		report_.misshapen.push_back(name + ": " + shapeText(view.shape) + " instead of " +
		                            shapeText(shape));
		return initialise(shape, parameter);
	}
	report_.matched.push_back(name);
	return toTensor(*checkpoint_, view);
}

LoadReport StateDict::report() const
{
	LoadReport report = report_;
	for (const auto &[name, view] : tensors_)
		if (!asked_.contains(name))
			report.unexpected.push_back(name);
	return report;
}

} /* namespace fm */
