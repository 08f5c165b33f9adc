/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one file that includes TorchScript's headers, which take long to compile. */
#include <mutex>

#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include "error.h"
#include "featuremodule.h"

namespace fm {

namespace {

constexpr int deepest = 8; /* Dicts and lists in one another. */

void flatten(const c10::IValue &value, const std::string &name, int depth,
             std::vector<ModuleOutput> &outputs)
{
	const auto child = [&](const c10::IValue &item, const std::string &key) {
		flatten(item, name.empty() ? key : name + "." + key, depth + 1, outputs);
	};
	const std::string ownName = name.empty() ? "0" : name;
	if (value.isTensor()) {
		outputs.push_back(ModuleOutput::of(ownName, value.toTensor()));
	} else if (value.isTuple() && depth < deepest) {
		const auto tuple = value.toTuple();
		const auto &schema = tuple->type()->schema(); /* Of a named tuple. */
		for (std::size_t i = 0; i < tuple->elements().size(); ++i)
			child(tuple->elements()[i],
			      schema ? schema->arguments()[i].name() : std::to_string(i));
	} else if ((value.isTensorList() || value.isList()) && depth < deepest) {
		const auto list = value.toList();
		for (std::size_t i = 0; i < list.size(); ++i)
			child(list.get(i), std::to_string(i));
	} else if (value.isGenericDict() && depth < deepest) {
		for (const auto &item : value.toGenericDict())
			child(item.value(), item.key().isString() ? item.key().toStringRef()
			                                          : c10::str(item.key()));
	} else {
		outputs.push_back({ ownName, {}, value.type()->repr_str() });
	}
}

/* Module::to(type) would also convert indices. */
void convert(const torch::jit::Module &module, c10::ScalarType type)
{
	const auto convertOne = [type](at::Tensor tensor) {
		if (tensor.is_floating_point() && tensor.scalar_type() != type)
			tensor.set_data(tensor.to(type));
	};
	for (const at::Tensor &parameter : module.parameters())
		convertOne(parameter);
	for (const at::Tensor &buffer : module.buffers())
		convertOne(buffer);
}

/* Norms become part of convolutions, attributes constants. Not every module can be. */
torch::jit::Module frozen(const torch::jit::Module &module)
{
	try {
		return torch::jit::freeze(module);
	} catch (const std::exception &) {
		return module;
	}
}

class TorchScriptModule : public FeatureModule
{
public:
	TorchScriptModule(const std::string &file, const at::TensorOptions &options)
		: name_("'" + file + "'"), options_(options), module_(load(file))
	{
	}

	const at::TensorOptions &options() const override { return options_; }
	std::vector<Size> trialSizes() const override { return usualSizes(); }
	std::vector<ModuleOutput> run(const at::Tensor &image) const override;

private:
	torch::jit::Module load(const std::string &file) const;

	std::string name_;
	at::TensorOptions options_;
	mutable torch::jit::Module module_;
	mutable std::mutex running_; /* Modules may change themselves. */
};

torch::jit::Module TorchScriptModule::load(const std::string &file) const
try {
	/* Tensors made in inference mode cannot be given another type. */
	const c10::InferenceMode normal(false);
	const c10::NoGradGuard noGradients;
	torch::jit::Module module = torch::jit::load(file, options_.device());
	if (!module.find_method("forward"))
		throw Error(Error::Kind::Mismatch,
		            name_ + " has no forward(), and cannot be run on an image");
	module.eval();
	convert(module, c10::typeMetaToScalarType(options_.dtype()));
	return frozen(module);
} catch (const Error &) {
	throw;
} catch (const std::exception &error) {
	throwModuleError(name_ + " cannot be read as a TorchScript module", error, true);
}

/* Without the optimising executor: it compiles on the second run of each size, for seconds, and
 * what it gains on convolutions is within what measuring them varies by. */
std::vector<ModuleOutput> TorchScriptModule::run(const at::Tensor &image) const
try {
	const std::lock_guard lock(running_);
	const torch::jit::GraphOptimizerEnabledGuard unoptimized(false);
	std::vector<ModuleOutput> outputs;
	flatten(module_.forward({ image }), "", 0, outputs);
	return outputs;
} catch (const c10::OutOfMemoryError &) {
	throw;
} catch (const c10::AcceleratorError &) {
	throw;
} catch (const std::exception &error) {
	const Size size = { static_cast<int>(image.size(3)), static_cast<int>(image.size(2)) };
	throwModuleError(name_ + " cannot be run on an image of " + sizeText(size), error, false);
}

} /* namespace */

std::unique_ptr<FeatureModule> loadTorchScript(const std::string &file,
                                               const at::TensorOptions &options)
{
	return std::make_unique<TorchScriptModule>(file, options);
}

} /* namespace fm */
