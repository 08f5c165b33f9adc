/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "weightsfile.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <span>

#include "error.h"

namespace fm {

namespace {

bool isOfFpn(std::string_view name)
{
	return name.starts_with("fpn.");
}

/* The default first: of several that fit as well it is taken. */
std::vector<FpnShape> fpnShapes(int channels, bool reluBeforeP7)
{
	using enum FpnShape::Extra;
	std::vector<FpnShape> shapes;
	for (const bool norms : { false, true })
		for (const int finest : { 2, 3 }) {
			shapes.push_back({ .finest = finest,
			                   .channels = channels,
			                   .norms = norms,
			                   .extra = Pool });
			for (const bool fromBody : { false, true })
				shapes.push_back({ .finest = finest,
				                   .channels = channels,
				                   .norms = norms,
				                   .extra = P6P7,
				                   .p6FromBody = fromBody,
				                   .reluBeforeP7 = reluBeforeP7 });
		}
	return shapes;
}

/* The three numbers of the tensor \a name, whatever its dimensions; none where they are not there
 * as float32 or float64. */
std::optional<std::array<float, 3>> readThree(const Checkpoint &checkpoint, const std::string &name)
{
	const auto &tensors = checkpoint.tensors();
	const auto found = std::ranges::find(tensors, name, &NamedTensor::name);
	if (found == tensors.end())
		return std::nullopt;
	const TensorView &view = found->tensor;
	const auto three = std::ranges::find(view.shape, 3);
	if (three == view.shape.end() ||
	    std::ranges::count(view.shape, 1) + 1 != std::ssize(view.shape))
		return std::nullopt;
	const int64_t stride = view.strides[three - view.shape.begin()];
	const std::span<const std::byte> elements = checkpoint.elements(view);

	std::array<float, 3> values = {};
	const auto read = [&]<typename Number>(Number number) {
		for (int64_t i = 0; i < 3; ++i) {
			std::memcpy(&number,
			            elements.data() + (view.offset + i * stride) * sizeof(Number),
			            sizeof(Number));
			values[i] = static_cast<float>(number);
		}
	};
	if (view.type == ScalarType::Float32)
		read(float());
	else if (view.type == ScalarType::Float64)
		read(double());
	else
		return std::nullopt;
	const bool isFinite =
		std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
	return isFinite ? std::optional(values) : std::nullopt;
}

} /* namespace */

std::string shapeText(const std::vector<int64_t> &shape)
{
	std::string text = "[";
	for (const int64_t side : shape)
		text += (text.size() > 1 ? ", " : "") + std::to_string(side);
	return text + "]";
}

std::string Misshapen::text() const
{
	return name + ": " + shapeText(found) + " instead of " + shapeText(expected);
}

double LoadReport::shareOfProblems() const
{
	const auto all = static_cast<double>(problems() + matched.size());
	return all > 0 ? static_cast<double>(problems()) / all : 1.0;
}

bool LoadReport::lacksJustTheFpn() const
{
	return !missing.empty() && missing.size() == problems() && !matched.empty() &&
	       std::ranges::all_of(missing, isOfFpn) && std::ranges::none_of(matched, isOfFpn);
}

bool LoadReport::suffices(BackboneKind asked) const
{
	return fits() || (isNetwork(asked) && lacksJustTheFpn());
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

std::vector<std::string> LoadReport::unreadTexts() const
{
	std::vector<std::string> texts(unread.size());
	std::ranges::transform(unread, texts.begin(), &UnreadTensor::text);
	return texts;
}

std::string LoadReport::problemsText() const
{
	std::string text;
	const auto add = [&](const char *what, const std::vector<std::string> &names) {
		if (!names.empty())
			text += std::string(text.empty() ? "" : "; ") + what + " " + summary(names);
	};
	add("cannot be read:", unreadTexts());
	add("missing:", missing);
	add("of the wrong shape:", misshapenTexts());
	add("not in this backbone:", unexpected);
	return text;
}

WeightsFile::WeightsFile(const std::string &file, BackboneKind kind)
	: file_(file), checkpoint_(file), best_{ BackboneKind::Auto, 1.0 }
{
	const std::vector<StateNames> all =
		StateNames::find(checkpoint_.tensors(), checkpoint_.unread());
	const StateNames *names = nullptr;
	for (const StateNames &each : all) {
		if (names && best_.problems == 0)
			break;
		use(each);
		const Candidate candidate = choose(kind);
		if (!names || candidate.problems < best_.problems) {
			names = &each;
			best_ = candidate;
		}
	}
	if (!names)
		best_ = choose(kind);
	else if (all.size() > 1)
		use(*names);
}

void WeightsFile::use(const StateNames &names)
{
	names_ = names;
	tensors_.clear();
	unread_.clear();
	countsBatches_ = false;
	for (const UnreadTensor &tensor : checkpoint_.unread())
		if (std::string name = names_->parameter(tensor.name); !name.empty())
			unread_.try_emplace(std::move(name), &tensor);
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
	const auto ofFpn = [](const auto &entry) { return isOfFpn(entry.first); };
	return std::ranges::any_of(tensors_, ofFpn) || std::ranges::any_of(unread_, ofFpn);
}

/* detectron2's samples go to 255. Where the file does not say otherwise: MODEL.PIXEL_MEAN and
 * MODEL.PIXEL_STD of its model zoo. */
Normalisation WeightsFile::normalisation(bool bgr) const
{
	if (!names_ || names_->family() != Family::Detectron2)
		return {};
	Normalisation normalisation = { { 123.675f, 116.28f, 103.53f }, { 1.0f, 1.0f, 1.0f } };
	const std::pair<const char *, std::array<float, 3> &> parts[] = {
		{ "pixel_mean", normalisation.mean }, { "pixel_std", normalisation.deviation }
	};
	for (const auto &[name, values] : parts) {
		if (const auto found = readThree(checkpoint_, names_->front() + name)) {
			values = *found;
			if (bgr)
				std::ranges::reverse(values);
		}
		for (float &value : values)
			value /= 255;
	}
	if (std::ranges::any_of(normalisation.deviation, [](float value) { return value <= 0; }))
		normalisation.deviation.fill(1.0f / 255);
	return normalisation;
}

bool WeightsFile::takesBgr() const
{
	return names_ && names_->family() == Family::Detectron2;
}

bool WeightsFile::isDilated() const
{
	if (!names_ || !names_->prefix().ends_with("backbone."))
		return false;
	const std::string pyramid = names_->front() + "classifier.0.convs.";
	return std::ranges::any_of(checkpoint_.tensors(), [&](const NamedTensor &tensor) {
		return tensor.name.starts_with(pyramid);
	});
}

std::string WeightsFile::warning(const LoadReport &report) const
{
	std::string text;
	if (report.lacksJustTheFpn())
		text = "'" + file_ +
		       "' holds no FPN: the levels p2 to p5 and pool are random, c1 to c5 are not";
	if (isDilated())
		text += (text.empty() ? "" : ". ") + std::string("'") + file_ +
		        "' is of a DeepLab, whose body is dilated: it is computed without, and "
		        "the deepest levels differ from those of training";
	return text;
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
		const auto unread = unread_.find(keys.back());
		if (!tensor && unread != unread_.end())
			report.unread.push_back(*unread->second);
		else if (!tensor)
			report.missing.push_back(name);
		else if (tensor->shape != shape)
			report.misshapen.push_back({ name, tensor->shape, shape });
		else
			report.matched.push_back(name);
	}

	/* A body alone has no use for an FPN that the file may have. */
	std::ranges::sort(asked);
	const auto addUnexpected = [&](const auto &tensors) {
		for (const auto &[name, tensor] : tensors)
			if (!std::ranges::binary_search(asked, name) && (hasFpn || !isOfFpn(name)))
				report.unexpected.push_back(tensor->name);
	};
	addUnexpected(tensors_);
	addUnexpected(unread_);
	return report;
}

/* Of the first lateral convolution, which every FPN has. */
int WeightsFile::fpnChannels() const
{
	constexpr int64_t most = 1 << 14; /* More is no network, and a number too large for one. */
	const TensorView *lateral = find("fpn.inner_blocks.0.0.weight");
	const int64_t channels = lateral && !lateral->shape.empty() ? lateral->shape[0] : 0;
	return channels > 0 && channels <= most ? static_cast<int>(channels) : FpnShape().channels;
}

std::vector<Architecture> WeightsFile::candidates(BackboneKind kind) const
{
	const Family family = names_ ? names_->family() : Family::Torchvision;
	const auto shapes = hasFpn() ? fpnShapes(fpnChannels(), family != Family::MMDetection)
	                             : std::vector{ FpnShape{} };
	std::vector<Architecture> all;
	const auto add = [&](BackboneKind each) {
		const BackboneKind body = infoOf(each).body;
		const bool strideIn1x1 =
			family == Family::Detectron2 && body != BackboneKind::ResNeXt50;
		for (const FpnShape &shape : fm::hasFpn(each) ? shapes : std::vector{ FpnShape{} })
			all.emplace_back(each, strideIn1x1, shape);
	};
	if (isNetwork(kind)) {
		add(kind);
		return all;
	}
	for (const BackboneInfo &info : backbones)
		if (isNetwork(info.kind) && fm::hasFpn(info.kind) == hasFpn())
			add(info.kind);
	return all;
}

WeightsFile::Candidate WeightsFile::choose(BackboneKind kind) const
{
	std::vector<Candidate> all;
	for (const Architecture &architecture : candidates(kind))
		all.emplace_back(architecture, fit(Network::of(architecture)).shareOfProblems());
	return *std::ranges::min_element(all, {}, &Candidate::problems);
}

Architecture chooseArchitecture(const BackboneSettings &settings, const WeightsFile *file)
{
	if (settings.backbone == BackboneKind::TorchScript)
		throw Error(
			Error::Kind::BadSetting,
			"backbone=torchscript is a module in a file, whose layers are not known");
	Architecture architecture =
		isNetwork(settings.backbone) ? settings.backbone : BackboneKind::ResNet50Fpn;
	if (file)
		architecture = file->architecture();
	if (settings.bottleneckStride != BottleneckStride::Auto)
		architecture.strideIn1x1 = settings.bottleneckStride == BottleneckStride::In1x1;
	return architecture;
}

} /* namespace fm */
