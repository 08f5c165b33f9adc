/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "featuremodule.h"

#include <algorithm>

#include <c10/util/Exception.h>

#include "error.h"

namespace fm {

namespace {

/* The interpreter puts the stack in front, of what it ran and of what that was made from. */
std::string lastReason(const std::string &text)
{
	constexpr const char *marker = "\nRuntimeError: ";
	std::size_t begin = text.rfind(marker);
	if (begin != std::string::npos) {
		begin += std::char_traits<char>::length(marker);
		return text.substr(begin, text.find('\n', begin) - begin);
	}
	const std::size_t end = text.find_last_not_of(" \n");
	if (end == std::string::npos)
		return "without a reason";
	begin = text.rfind('\n', end);
	begin = begin == std::string::npos ? 0 : begin + 1;
	return text.substr(begin, end + 1 - begin);
}

/* What the interpreter throws on lacks the type of what it caught. */
bool isOutOfMemory(const std::string &text)
{
	return std::ranges::any_of(
		std::initializer_list<const char *>{ "out of memory", "not enough memory",
	                                             "can't allocate memory" },
		[&](const char *part) { return text.find(part) != std::string::npos; });
}

} /* namespace */

ModuleOutput ModuleOutput::of(std::string name, at::Tensor tensor)
{
	if (!tensor.defined())
		return { std::move(name), {}, "an undefined tensor" };
	std::string type = c10::toString(tensor.scalar_type());
	type += " [";
	for (int64_t i = 0; i < tensor.dim(); ++i)
		type += (i ? ", " : "") + std::to_string(tensor.size(i));
	return { std::move(name), std::move(tensor), type + "]" };
}

std::vector<Size> FeatureModule::usualSizes()
{
	/* The first gives strides without a remainder; transformers are often for one of the next
	 * ones alone. */
	return { { 256, 256 }, { 224, 224 },  { 384, 384 },  { 448, 448 },
		 { 512, 512 }, { 518, 518 },  { 640, 640 },  { 640, 480 },
		 { 640, 360 }, { 1280, 720 }, { 1920, 1080 } };
}

std::string sizeText(Size size)
{
	return std::to_string(size.width) + "x" + std::to_string(size.height);
}

void throwModuleError(const std::string &doing, const std::exception &error, bool isReading)
{
	const std::string text = error.what();
	if (isOutOfMemory(text))
		throw Error(Error::Kind::OutOfMemory, doing + ": there is not enough memory", text);
	const auto *ofLibTorch = dynamic_cast<const c10::Error *>(&error);
	std::string reason = ofLibTorch ? ofLibTorch->what_without_backtrace() : lastReason(text);
	reason = reason.substr(0, reason.find('\n'));
	throw Error(isReading ? Error::Kind::Unreadable : Error::Kind::Mismatch,
	            doing + ": " + reason, text);
}

} /* namespace fm */
