/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "checkpoint/compiledpackage.h"
#include "frame/size.h"

namespace fm {

/** \brief Something that a module returned; dicts and lists are taken apart */
struct ModuleOutput {
	std::string name;  /**< Keys and indices on the way to it, joined by dots; "0" if all */
	at::Tensor tensor; /**< Undefined where it is none */
	std::string type;  /**< For a person: "str", "Float [1, 256, 40, 23]" */

	static ModuleOutput of(std::string name, at::Tensor tensor);
};

/** \brief A program from a file that is run on an image, whatever it returns */
class FeatureModule
{
public:
	virtual ~FeatureModule() = default;

	/** \brief Device and type of the image that it takes */
	virtual const at::TensorOptions &options() const = 0;
	/** \brief Sizes of images that it may take, best first */
	virtual std::vector<Size> trialSizes() const = 0;
	/**
	 * \brief What it returns for \a image, [1, 3, H, W]; for one thread at a time
	 * \throws Error Mismatch for what it throws; BadSetting for a size that it never takes
	 */
	virtual std::vector<ModuleOutput> run(const at::Tensor &image) const = 0;

	/** \brief Sizes that suit most networks, then those of videos */
	static std::vector<Size> usualSizes();
};

/** \brief A module of torch.jit.save, on a device and in a type as \a options say */
std::unique_ptr<FeatureModule> loadTorchScript(const std::string &file,
                                               const at::TensorOptions &options);

/**
 * \brief A package of torch._inductor.aoti_compile_and_package
 *
 * Its device and type are compiled in. The type may be another one than that of \a options where
 * \a anyType.
 */
std::unique_ptr<FeatureModule> loadPackage(const std::string &file, const CompiledPackage &package,
                                           const at::TensorOptions &options, bool anyType);

/** \brief "640x360" */
std::string sizeText(Size size);

/** \brief Throws as an Error what LibTorch threw at \a doing: "'m.pt' cannot be read ..." */
[[noreturn]] void throwModuleError(const std::string &doing, const std::exception &error,
                                   bool isReading);

} /* namespace fm */
