/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "statenames.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace fm {

namespace {

/* Weights of convolutions, by their names behind the prefix: each network has one kind of them,
 * from its beginning or its end, for the sake of files that lack one. */
struct Anchor {
	enum Kind { ResNet, Detectron2, Features } of;
	std::string_view name;
};
constexpr Anchor anchors[] = {
	{ Anchor::ResNet, "layer1.0.conv1.weight" },
	{ Anchor::ResNet, "layer4.0.conv1.weight" },
	{ Anchor::Detectron2, "res2.0.conv1.weight" },
	{ Anchor::Detectron2, "res5.0.conv1.weight" },
	{ Anchor::Features, "1.conv.0.0.weight" }, /* MobileNetV2 */
	{ Anchor::Features, "17.conv.0.0.weight" },
	{ Anchor::Features, "1.block.0.0.weight" }, /* MobileNetV3 */
	{ Anchor::Features, "15.block.0.0.weight" },
	{ Anchor::Features, "28.weight" }, /* VGG-16 */
	{ Anchor::Features, "40.weight" }, /* VGG-16 with batch norm */
};
constexpr std::size_t dimensionsOfKernels = 4;
constexpr std::size_t mostBackbones = 16;

/* What stands in front of \a anchor, where \a name ends with it after a dot, or is it. */
std::optional<std::string> prefixBefore(std::string_view name, std::string_view anchor)
{
	if (!name.ends_with(anchor))
		return std::nullopt;
	name.remove_suffix(anchor.size());
	if (!name.empty() && name.back() != '.')
		return std::nullopt;
	return std::string(name);
}

/* Takes \a prefix off the front of \a text, if it is there. */
bool take(std::string_view &text, std::string_view prefix)
{
	if (!text.starts_with(prefix))
		return false;
	text.remove_prefix(prefix.size());
	return true;
}

/* Takes a number and the dot behind it off the front of \a text, if they are there. */
std::optional<int> takeNumber(std::string_view &text)
{
	int number = 0;
	const char *end = text.data() + text.size();
	const auto [stop, error] = std::from_chars(text.data(), end, number);
	if (error != std::errc() || number < 0 || stop == end || *stop != '.')
		return std::nullopt;
	text.remove_prefix(stop + 1 - text.data());
	return number;
}

std::string without(const std::string &text, std::string_view suffix)
{
	return text.ends_with(suffix) ? text.substr(0, text.size() - suffix.size()) : text;
}

bool isOfConvolution(std::string_view rest)
{
	return rest == "weight" || rest == "bias";
}

bool isOfNorm(std::string_view rest)
{
	return isOfConvolution(rest) || rest == "running_mean" || rest == "running_var";
}

std::string join(std::string_view front, int number, std::string_view middle, std::string_view rest)
{
	return std::string(front) + std::to_string(number) + std::string(middle) +
	       std::string(rest);
}

/* torchvision's own, without what stands in front: a ResNet's, or the numbers of features. */
std::string bodyOfTorchvision(std::string_view name)
{
	constexpr std::string_view parts[] = { "conv1.",  "bn1.",    "layer1.",
		                               "layer2.", "layer3.", "layer4." };
	const auto isPart = [&](std::string_view part) { return name.starts_with(part); };
	std::string_view rest = name;
	if (!std::ranges::any_of(parts, isPart) && !takeNumber(rest))
		return {};
	return "body." + std::string(name);
}

/* "inner_blocks.0.weight" of torchvision before 0.13 is "inner_blocks.0.0.weight" since. */
std::string fpnOfTorchvision(std::string_view name)
{
	std::string_view rest = name;
	for (const std::string_view blocks : { "inner_blocks.", "layer_blocks." })
		if (take(rest, blocks))
			if (const auto number = takeNumber(rest); number && isOfConvolution(rest))
				return join("fpn." + std::string(blocks), *number, ".0.", rest);
	return "fpn." + std::string(name);
}

/* A convolution, or the norm that detectron2 keeps inside it: torchvision has that beside it. */
std::string besideConvolution(const std::string &convolution, const std::string &norm,
                              std::string_view rest)
{
	if (take(rest, "norm."))
		return isOfNorm(rest) ? norm + "." + std::string(rest) : std::string();
	return isOfConvolution(rest) ? convolution + "." + std::string(rest) : std::string();
}

/* "stem.conv1.norm.weight", "res2.0.conv1.weight", "res2.0.shortcut.weight" ... */
std::string bodyOfDetectron2(std::string_view name)
{
	if (take(name, "stem.conv1."))
		return besideConvolution("body.conv1", "body.bn1", name);
	if (!take(name, "res"))
		return {};
	const auto stage = takeNumber(name);
	const auto block = stage ? takeNumber(name) : std::nullopt;
	if (!block)
		return {};
	const std::string scope = join("body.layer", *stage - 1, ".", std::to_string(*block) + ".");
	if (take(name, "shortcut."))
		return besideConvolution(scope + "downsample.0", scope + "downsample.1", name);
	const auto convolution = take(name, "conv") ? takeNumber(name) : std::nullopt;
	if (!convolution)
		return {};
	const std::string number = std::to_string(*convolution);
	return besideConvolution(scope + "conv" + number, scope + "bn" + number, name);
}

/* "fpn_lateral2.weight", "fpn_output2.weight", "top_block.p6.weight" ... */
std::string fpnOfDetectron2(std::string_view name, int firstLateral)
{
	if (take(name, "top_block."))
		return "fpn.extra_blocks." + std::string(name);
	for (const auto &[theirs, ours] : { std::pair{ "fpn_lateral", "fpn.inner_blocks." },
	                                    std::pair{ "fpn_output", "fpn.layer_blocks." } }) {
		if (!take(name, theirs))
			continue;
		const auto level = takeNumber(name);
		if (!level)
			return {};
		const std::string scope = ours + std::to_string(*level - firstLateral);
		return besideConvolution(scope + ".0", scope + ".1", name);
	}
	return {};
}

/* "lateral_convs.0.conv.weight", "fpn_convs.0.conv.weight", with ".bn." where there are norms;
 * behind those of the laterals' number follow p6 and p7. */
std::string fpnOfMMDetection(std::string_view name, int laterals)
{
	const bool isLateral = take(name, "lateral_convs.");
	if (!isLateral && !take(name, "fpn_convs."))
		return {};
	const auto number = takeNumber(name);
	const bool isConvolution = number && take(name, "conv.");
	if (!number || (!isConvolution && !take(name, "bn.")))
		return {};
	if (!isLateral && *number >= laterals)
		return join("fpn.extra_blocks.p", *number - laterals + 6,
		            isConvolution ? "." : ".1.", name);
	return join(isLateral ? "fpn.inner_blocks." : "fpn.layer_blocks.", *number,
	            isConvolution ? ".0." : ".1.", name);
}

/* What stands in front of each backbone, in the order of \a kernels. */
std::vector<std::pair<Anchor::Kind, std::string>>
prefixesOf(std::span<const std::string_view> kernels)
{
	std::vector<std::pair<Anchor::Kind, std::string>> found;
	for (const std::string_view name : kernels)
		for (const Anchor &anchor : anchors) {
			auto prefix = prefixBefore(name, anchor.name);
			if (!prefix)
				continue;
			std::pair pair(anchor.of, std::move(*prefix));
			if (std::ranges::find(found, pair) == found.end())
				found.push_back(std::move(pair));
			if (found.size() == mostBackbones)
				return found;
		}
	return found;
}

} /* namespace */

const char *familyName(Family family)
{
	constexpr const char *names[] = { "torchvision", "detectron2", "mmdetection" };
	return names[static_cast<int>(family)];
}

std::string StateNames::front() const
{
	const std::string_view scope = family_ == Family::Detectron2 ? "bottom_up." : "body.";
	return without(without(body_, scope), "backbone.");
}

StateNames StateNames::ofDetectron2(std::string body, Names all)
{
	StateNames names(Family::Detectron2, std::move(body));
	names.fpn_ = without(names.body_, "bottom_up.");
	names.heads_ = names.front() + "roi_heads.";
	const auto hasLateral = [&](int level) {
		const std::string name = join(*names.fpn_ + "fpn_lateral", level, ".", "weight");
		return std::ranges::binary_search(all, std::string_view(name));
	};
	names.firstLateral_ = 2;
	while (names.firstLateral_ < 5 && !hasLateral(names.firstLateral_))
		++names.firstLateral_;
	return names;
}

StateNames StateNames::ofResNet(std::string body, Names all)
{
	const std::string neck = without(body, "backbone.") + "neck.";
	const auto hasLateral = [&](int number) {
		const std::string name = join(neck + "lateral_convs.", number, ".conv.", "weight");
		return std::ranges::binary_search(all, std::string_view(name));
	};
	if (!hasLateral(0)) {
		StateNames names(Family::Torchvision, std::move(body));
		names.fpn_ = without(names.body_, "body.") + "fpn.";
		return names;
	}
	StateNames names(Family::MMDetection, std::move(body));
	names.fpn_ = neck;
	while (hasLateral(names.laterals_))
		++names.laterals_;
	return names;
}

StateNames StateNames::ofFeatures(std::string body)
{
	StateNames names(Family::Torchvision, std::move(body));
	if (names.body_.ends_with("body."))
		names.fpn_ = without(names.body_, "body.") + "fpn.";
	return names;
}

std::vector<StateNames> StateNames::find(std::span<const NamedTensor> tensors,
                                         std::span<const UnreadTensor> unread)
{
	std::vector<std::string_view> kernels, all;
	for (const auto &[name, tensor] : tensors) {
		all.push_back(name);
		if (tensor.shape.size() == dimensionsOfKernels)
			kernels.push_back(name);
	}
	for (const UnreadTensor &tensor : unread) {
		all.push_back(tensor.name);
		kernels.push_back(tensor.name);
	}
	std::ranges::sort(all);

	std::vector<StateNames> found;
	for (const auto &[kind, prefix] : prefixesOf(kernels)) {
		if (kind == Anchor::ResNet)
			found.push_back(ofResNet(prefix, all));
		else if (kind == Anchor::Detectron2)
			found.push_back(ofDetectron2(prefix, all));
		else
			found.push_back(ofFeatures(prefix));
	}
	return found;
}

std::string StateNames::parameter(std::string_view name) const
{
	if (name.ends_with(".num_batches_tracked"))
		return {};
	std::string_view rest = name;
	if (take(rest, body_)) {
		std::string found = family_ == Family::Detectron2 ? bodyOfDetectron2(rest)
		                                                  : bodyOfTorchvision(rest);
		if (!found.empty())
			return found;
	}
	rest = name;
	if (heads_ && take(rest, *heads_) && rest.starts_with("res5."))
		return bodyOfDetectron2(rest);
	rest = name;
	if (!fpn_ || !take(rest, *fpn_))
		return {};
	switch (family_) {
	case Family::Detectron2:
		return fpnOfDetectron2(rest, firstLateral_);
	case Family::MMDetection:
		return fpnOfMMDetection(rest, laterals_);
	case Family::Torchvision:
		break;
	}
	return fpnOfTorchvision(rest);
}

std::string parameterOf(std::string_view name)
{
	return take(name, "features.") ? "body." + std::string(name) : std::string(name);
}

} /* namespace fm */
