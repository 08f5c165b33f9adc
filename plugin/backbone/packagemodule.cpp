/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <array>
#include <filesystem>
#include <mutex>
#include <sstream>

#include <dlfcn.h>
#include <torch/csrc/inductor/aoti_package/model_package_loader.h>
#include <torch/csrc/inductor/aoti_torch/c/shim.h>

#include "error.h"
#include "featuremodule.h"

namespace fm {

namespace {

using Side = CompiledPackage::Side;

constexpr std::size_t batch = 0, channels = 1, height = 2, width = 3;

/* Instructions that a processor lacks would end the process. */
bool canRun([[maybe_unused]] const std::string &instructions)
{
#if defined(__x86_64__)
	__builtin_cpu_init();
	if (instructions == "AVX2")
		return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
	if (instructions == "AVX512")
		return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
	if (instructions == "AVX512_VNNI")
		return __builtin_cpu_supports("avx512vnni");
#endif
	return true;
}

std::string upperCase(std::string text)
{
	std::ranges::transform(text, text.begin(), [](unsigned char c) { return toupper(c); });
	return text;
}

c10::ScalarType imageType(const CompiledPackage &package, const std::string &name)
{
	if (package.type == "float32")
		return at::kFloat;
	if (package.type == "float16")
		return at::kHalf;
	if (package.type == "bfloat16")
		return at::kBFloat16;
	throw Error(Error::Kind::Unsupported,
	            name + " takes images of type " + package.type +
	                    "; float32, float16 and bfloat16 can be given");
}

void checkFit(const CompiledPackage &package, const std::string &name,
              const at::TensorOptions &options, bool anyType)
{
	const std::string device = c10::DeviceTypeName(options.device().type(), true);
	if (package.device != device)
		throw Error(Error::Kind::BadSetting, name + " was compiled for " + package.device +
		                                             ", and cannot run on " + device +
		                                             "; use device=" + package.device);
	std::istringstream words(package.processor);
	for (std::string word; device == "cpu" && words >> word;)
		if (!canRun(upperCase(word)))
			throw Error(Error::Kind::Unsupported,
			            name + " was compiled for another processor, which has " +
			                    word + "; compile it anew on this machine");
	const c10::ScalarType type = imageType(package, name);
	if (!anyType && type != c10::typeMetaToScalarType(options.dtype()))
		throw Error(Error::Kind::BadSetting, name + " was compiled for " + package.type +
		                                             "; use precision=" + package.type +
		                                             " or precision=auto");
	if (!package.image[batch].takes(1) || !package.image[channels].takes(3))
		throw Error(Error::Kind::Mismatch,
		            name + " does not take one image of three channels, [1, 3, H, W]");
}

/* Packages link to libtorch.so, which is where the linker does not look. LibTorch's CUDA part comes
 * with it, also for a package that is for the CPU. */
void loadWholeLibTorch(const std::string &name)
{
	Dl_info part = {};
	dladdr(reinterpret_cast<const void *>(&aoti_torch_device_type_cpu), &part);
	const auto whole = std::filesystem::path(part.dli_fname).replace_filename("libtorch.so");
	if (!dlopen(whole.c_str(), RTLD_NOW | RTLD_LOCAL))
		throw Error(Error::Kind::Unsupported,
		            name + " is a compiled package, which needs PyTorch with all that it "
		                   "links to",
		            dlerror());
}

std::string sideText(const Side &side)
{
	if (side.isFixed())
		return std::to_string(side.least);
	std::string text = "at least " + std::to_string(side.least);
	if (side.most < 1 << 20)
		text += ", at most " + std::to_string(side.most);
	if (side.divisor > 1)
		text += ", a multiple of " + std::to_string(side.divisor);
	return "(" + text + ")";
}

class PackageModule : public FeatureModule
{
public:
	PackageModule(const std::string &file, const CompiledPackage &package,
	              const at::TensorOptions &options)
		: name_("'" + file + "'"), package_(package),
		  options_(options.dtype(imageType(package, name_))), loader_(load(file))
	{
	}

	const at::TensorOptions &options() const override { return options_; }
	std::vector<Size> trialSizes() const override;
	std::vector<ModuleOutput> run(const at::Tensor &image) const override;

private:
	using Loader = torch::inductor::AOTIModelPackageLoader;

	std::unique_ptr<Loader> load(const std::string &file) const;
	void checkImage(const at::Tensor &image) const;

	std::string name_;
	CompiledPackage package_;
	at::TensorOptions options_;
	mutable std::mutex running_; /* Its one runner is for one thread at a time. */
	std::unique_ptr<Loader> loader_;
};

std::unique_ptr<PackageModule::Loader> PackageModule::load(const std::string &file) const
try {
	loadWholeLibTorch(name_);
	return std::make_unique<Loader>(file, package_.model, true, 1,
	                                options_.device().is_cpu() ? -1
	                                                           : options_.device().index());
} catch (const Error &) {
	throw;
} catch (const c10::OutOfMemoryError &) {
	throw;
} catch (const std::exception &error) {
	throwModuleError(name_ + " cannot be loaded as a compiled package", error, true);
}

std::vector<Size> PackageModule::trialSizes() const
{
	const auto least = [&](std::size_t index) {
		const Side &side = package_.image[index];
		return static_cast<int>((side.least + side.divisor - 1) / side.divisor *
		                        side.divisor);
	};
	const auto fitting = [&](std::size_t index, int size) {
		return package_.image[index].takes(size) ? size : least(index);
	};
	std::vector<Size> sizes;
	for (const Size usual : usualSizes())
		if (const Size size = { fitting(width, usual.width),
		                        fitting(height, usual.height) };
		    std::ranges::find(sizes, size) == sizes.end())
			sizes.push_back(size);
	return sizes;
}

/* The package would take any memory for an image of the size that it was compiled for. */
void PackageModule::checkImage(const at::Tensor &image) const
{
	const Size size = { static_cast<int>(image.size(width)),
		            static_cast<int>(image.size(height)) };
	if (!package_.image[width].takes(size.width) || !package_.image[height].takes(size.height))
		throw Error(Error::Kind::BadSetting,
		            name_ + " was compiled for images of " +
		                    sideText(package_.image[width]) + "x" +
		                    sideText(package_.image[height]) +
		                    " pixels, and the network's input has " + sizeText(size) +
		                    ": scale the video to a size that fits, with videoscale and "
		                    "a caps filter, or by preprocess=detection");
	for (std::size_t i = 0; i < package_.image.size(); ++i)
		if (const int64_t stride = package_.image[i].stride;
		    stride >= 0 && image.size(i) > 1 && image.stride(i) != stride)
			throw Error(Error::Kind::Unsupported,
			            name_ + " was compiled for images that lie otherwise in "
			                    "memory; export it with a contiguous one");
}

std::vector<ModuleOutput> PackageModule::run(const at::Tensor &image) const
try {
	const at::Tensor laidOut =
		image.contiguous(package_.isChannelsLast() ? at::MemoryFormat::ChannelsLast
	                                                   : at::MemoryFormat::Contiguous);
	checkImage(laidOut);
	const std::lock_guard lock(running_);
	const std::vector<at::Tensor> results = loader_->run({ laidOut });
	std::vector<ModuleOutput> outputs;
	const bool isNamed = results.size() == package_.outputs.size();
	for (std::size_t i = 0; i < results.size(); ++i)
		outputs.push_back(ModuleOutput::of(
			isNamed ? package_.outputs[i] : std::to_string(i), results[i]));
	return outputs;
} catch (const Error &) {
	throw;
} catch (const c10::OutOfMemoryError &) {
	throw;
} catch (const c10::AcceleratorError &) {
	throw;
} catch (const std::exception &error) {
	throwModuleError(name_ + " cannot be run on an image", error, false);
}

} /* namespace */

std::unique_ptr<FeatureModule> loadPackage(const std::string &file, const CompiledPackage &package,
                                           const at::TensorOptions &options, bool anyType)
{
	checkFit(package, "'" + file + "'", options, anyType);
	return std::make_unique<PackageModule>(file, package, options);
}

} /* namespace fm */
