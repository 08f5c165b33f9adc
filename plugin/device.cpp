/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device.h"

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>

#include <c10/util/Exception.h>
#include <dlfcn.h>

#include "cudamodule.h"
#include "error.h"

namespace fm {

namespace {

constexpr const char *automatic = "auto";
constexpr const char *moduleName = "libfeaturemosaic-cuda.so";
constexpr const char *moduleVariable = "FEATUREMOSAIC_CUDA_MODULE";

struct Request {
	enum class Kind { Auto, Cpu, Cuda } kind;
	int index = 0;
};

std::optional<Request> parse(const std::string &name)
{
	if (name == automatic)
		return Request{ Request::Kind::Auto };
	if (name == "cpu")
		return Request{ Request::Kind::Cpu };
	if (name == "cuda")
		return Request{ Request::Kind::Cuda };
	if (!name.starts_with("cuda:"))
		return std::nullopt;

	Request request{ Request::Kind::Cuda };
	const char *end = name.data() + name.size();
	const auto [stop, error] = std::from_chars(name.data() + 5, end, request.index);
	if (error != std::errc() || stop != end || request.index < 0 || request.index > 127)
		return std::nullopt;
	return request;
}

Request parseOrThrow(const std::string &name)
{
	const auto request = parse(name);
	if (!request)
		throw Error(Error::Kind::BadSetting,
		            "device '" + name +
		                    "' is not known; accepted are auto, cpu, cuda and cuda:N");
	return *request;
}

/* The plugin and its CUDA module lie in one folder. */
std::filesystem::path modulePath()
{
	if (const char *chosen = std::getenv(moduleVariable))
		return chosen;
	Dl_info info = {};
	if (dladdr(reinterpret_cast<const void *>(&modulePath), &info) == 0)
		return moduleName;
	return std::filesystem::path(info.dli_fname).parent_path() / moduleName;
}

/* Devices that can be used, and why there are none. */
struct CudaDevices {
	int count = 0;
	std::string reason = {};
	decltype(&fm_cuda_primary_context) context = nullptr;
	decltype(&fm_cuda_open_device) open = nullptr;
};

/* Cheap to ask, where LibTorch's CUDA part takes seconds and hundreds of megabytes. */
bool hasDriver()
{
	void *driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
	if (driver)
		dlclose(driver);
	return driver || std::getenv(moduleVariable);
}

/* The module is never unloaded: LibTorch registers its CUDA kernels as it is loaded, for good. */
CudaDevices findCudaDevices()
{
	if (!hasDriver())
		return { 0, "no NVIDIA driver is installed (libcuda.so.1 was not found)" };

	void *module = dlopen(modulePath().c_str(), RTLD_NOW | RTLD_LOCAL);
	if (!module)
		return { 0, dlerror() };
	const auto function = [&](const char *name) {
		void *address = dlsym(module, name);
		if (!address)
			throw Error(Error::Kind::NoDevice,
			            "The CUDA module does not belong to this plugin: install both "
			            "from one build",
			            dlerror());
		return address;
	};
	const auto deviceCount =
		reinterpret_cast<decltype(&fm_cuda_device_count)>(function("fm_cuda_device_count"));
	const auto context = reinterpret_cast<decltype(&fm_cuda_primary_context)>(
		function("fm_cuda_primary_context"));
	const auto open =
		reinterpret_cast<decltype(&fm_cuda_open_device)>(function("fm_cuda_open_device"));

	char reason[256] = {};
	const int count = deviceCount(reason, sizeof(reason));
	return { count, reason, context, open };
}

const CudaDevices &cudaDevices()
{
	static const CudaDevices devices = findCudaDevices();
	return devices;
}

/* The device that \a name stands for, unless that is the CPU. */
std::optional<int> cudaIndex(const std::string &name)
{
	const Request request = parseOrThrow(name);
	if (request.kind == Request::Kind::Cpu)
		return std::nullopt;

	const CudaDevices &cuda = cudaDevices();
	if (request.index < cuda.count)
		return request.index;
	if (request.kind == Request::Kind::Auto)
		return std::nullopt;
	if (cuda.count == 0)
		throw Error(Error::Kind::NoDevice,
		            "device=" + name +
		                    " cannot be used: there is no working CUDA device; use "
		                    "device=cpu or device=auto (" +
		                    cuda.reason + ")",
		            cuda.reason);
	throw Error(Error::Kind::NoDevice,
	            "device=" + name + " does not exist: the last CUDA device is cuda:" +
	                    std::to_string(cuda.count - 1));
}

} /* namespace */

void checkDeviceName(const std::string &name)
{
	parseOrThrow(name);
}

SelectedDevice selectDevice(const std::string &name)
{
	const auto index = cudaIndex(name);
	if (!index)
		return {};
	SelectedDevice device = { "cuda:" + std::to_string(*index), nullptr, *index, {} };
	try {
		device.cuda.reset(cudaDevices().open(*index));
		return device;
	} catch (const std::exception &error) {
		if (name != automatic)
			throw;
		const auto *ofLibTorch = dynamic_cast<const c10::Error *>(&error);
		SelectedDevice host;
		host.warning = "device=auto uses the CPU, as " + device.name + " cannot be used: " +
		               (ofLibTorch ? ofLibTorch->what_without_backtrace() : error.what());
		return host;
	}
}

std::optional<CudaContext> cudaContextOf(const std::string &name)
{
	const auto index = cudaIndex(name);
	if (!index)
		return std::nullopt;
	try {
		return CudaContext{ cudaDevices().context(*index), *index };
	} catch (const std::exception &) {
		if (name != automatic)
			throw;
		return std::nullopt;
	}
}

} /* namespace fm */
