/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weightsfile.h"

#include <algorithm>

#include "error.h"

namespace fm {

namespace {

bool isOfFpn(std::string_view name)
{
	return name.starts_with("fpn.");
}

std::string shapeText(const std::vector<int64_t> &shape)
{
	std::string text = "[";
	for (const int64_t side : shape)
		text += (text.size() > 1 ? ", " : "") + std::to_string(side);
	return text + "]";
}

/* The default first: of several that fit as well it is taken. */
std::vector<FpnShape> fpnShapes(bool reluBeforeP7)
{
	using enum FpnShape::Extra;
	std::vector<FpnShape> shapes;
	for (const bool norms : { false, true })
		for (const int finest : { 2, 3 }) {
			shapes.push_back({ .finest = finest, .norms = norms, .extra = Pool });
			for (const bool fromBody : { false, true })
				shapes.push_back({ .finest = finest,
				                   .norms = norms,
				                   .extra = P6P7,
				                   .p6FromBody = fromBody,
				                   .reluBeforeP7 = reluBeforeP7 });
		}
	return shapes;
}

} /* namespace */

std::string Misshapen::text() const
{
	return name + ": " + shapeText(found) + " instead of " + shapeText(expected);
}

bool LoadReport::lacksJustTheFpn() const
{
	return !missing.empty() && !matched.empty() && std::ranges::all_of(missing, isOfFpn) &&
	       std::ranges::none_of(matched, isOfFpn);
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

std::vector<std::string> LoadReport::misshapenTexts() const
{
	std::vector<std::string> texts(misshapen.size());
	std::ranges::transform(misshapen, texts.begin(), &Misshapen::text);
	return texts;
}

std::string LoadReport::problemsText() const
{
	std::string text;
	const auto add = [&](const char *what, const std::vector<std::string> &names) {
		if (!names.empty())
			text += std::string(text.empty() ? "" : "; ") + what + " " + summary(names);
	};
	add("missing:", missing);
	add("of the wrong shape:", misshapenTexts());
	add("not in this backbone:", unexpected);
	return text;
}

WeightsFile::WeightsFile(const std::string &file)
	: file_(file), checkpoint_(file), names_(StateNames::find(checkpoint_.tensors()))
{
	if (!names_)
		return;
	for (const NamedTensor &tensor : checkpoint_.tensors()) {
		if (std::string name = names_->parameter(tensor.name); !name.empty())
			tensors_.try_emplace(std::move(name), &tensor);
		else if (tensor.name.starts_with(names_->prefix()) &&
		         tensor.name.ends_with(".num_batches_tracked"))
			countsBatches_ = true;
	}
}

const TensorView *WeightsFile::find(const std::string &name) const
{
	const auto found = tensors_.find(parameterOf(name));
	return found != tensors_.end() ? &found->second->tensor : nullptr;
}

bool WeightsFile::hasFpn() const
{
	return std::ranges::any_of(tensors_,
	                           [](const auto &entry) { return isOfFpn(entry.first); });
}

/* detectron2's model zoo: MODEL.PIXEL_MEAN and MODEL.PIXEL_STD of its defaults, for samples to 255.
 */
Normalisation WeightsFile::normalisation() const
{
	if (!names_ || names_->family() != Family::Detectron2)
		return {};
	return { { 123.675f / 255, 116.28f / 255, 103.53f / 255 },
		 { 1.0f / 255, 1.0f / 255, 1.0f / 255 } };
}

bool WeightsFile::takesBgr() const
{
	return names_ && names_->family() == Family::Detectron2;
}

LoadReport WeightsFile::fit(const Network &network) const
{
	LoadReport report;
	bool hasFpn = false;
	std::vector<std::string_view> asked;
	const std::vector<ParameterShape> parameters = network.parameterShapes();
	std::vector<std::string> keys;
	keys.reserve(parameters.size());
	for (const auto &[name, shape] : parameters) {
		hasFpn = hasFpn || isOfFpn(name);
		asked.push_back(keys.emplace_back(parameterOf(name)));
		const TensorView *tensor = find(name);
		if (!tensor)
			report.missing.push_back(name);
		else if (tensor->shape != shape)
			report.misshapen.push_back({ name, tensor->shape, shape });
		else
			report.matched.push_back(name);
	}

	/* A body alone has no use for an FPN that the file may have. */
	std::ranges::sort(asked);
	for (const auto &[name, tensor] : tensors_)
		if (!std::ranges::binary_search(asked, name) && (hasFpn || !isOfFpn(name)))
			report.unexpected.push_back(tensor->name);
	return report;
}

std::vector<Architecture> WeightsFile::candidates(BackboneKind kind) const
{
	const Family family = names_ ? names_->family() : Family::Torchvision;
	const auto shapes =
		hasFpn() ? fpnShapes(family != Family::MMDetection) : std::vector{ FpnShape{} };
	std::vector<Architecture> all;
	const auto add = [&](BackboneKind each) {
		const BackboneKind body = infoOf(each).body;
		const bool strideIn1x1 =
			family == Family::Detectron2 && body != BackboneKind::ResNeXt50;
		for (const FpnShape &shape : fm::hasFpn(each) ? shapes : std::vector{ FpnShape{} })
			all.emplace_back(each, strideIn1x1, shape);
	};
	if (kind != BackboneKind::Auto) {
		add(kind);
		return all;
	}
	for (const BackboneInfo &info : backbones)
		if (isNetwork(info.kind) && fm::hasFpn(info.kind) == hasFpn())
			add(info.kind);
	return all;
}

Architecture WeightsFile::architecture(BackboneKind kind) const
{
	const std::vector<Architecture> all = candidates(kind);
	return *std::ranges::min_element(all, {}, [this](const Architecture &candidate) {
		const LoadReport report = fit(Network::of(candidate));
		const auto problems = static_cast<double>(report.problems());
		return problems / (problems + static_cast<double>(report.matched.size()));
	});
}

Architecture chooseArchitecture(const BackboneSettings &settings, const WeightsFile *file)
{
	if (settings.backbone == BackboneKind::TorchScript)
		throw Error(
			Error::Kind::BadSetting,
			"backbone=torchscript is a module in a file, whose layers are not known");
	const BackboneKind kind = isNetwork(settings.backbone) || file ? settings.backbone
	                                                               : BackboneKind::ResNet50Fpn;
	Architecture architecture = file ? file->architecture(kind) : kind;
	if (settings.bottleneckStride != BottleneckStride::Auto)
		architecture.strideIn1x1 = settings.bottleneckStride == BottleneckStride::In1x1;
	return architecture;
}

} /* namespace fm */
