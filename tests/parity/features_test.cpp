/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/item.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "backbone/statedict.h"
#include "backbone/weights.h"
#include "backbone/weightsfile.h"
#include "checkpoint/checkpoint.h"
#include "device.h"
#include "error.h"
#include "frame/networkinput.h"
#include "references.h"
#include "torchscope.h"

using fm::BackboneKind;
using fm::Preprocess;

namespace {

constexpr double float32Tolerance = 1e-4;
constexpr double float16Tolerance = 1e-2;
constexpr double bfloat16Tolerance = 2e-2; /* Three bits fewer than float16. */

at::Tensor inputImage(const fm::PreprocessSettings &settings, c10::ScalarType type = at::kFloat)
{
	return fm::networkInput(References::get().image(), settings, type).to(type);
}

/* The image as what was loaded wants it. */
fm::Features allLevels(const fm::LoadedBackbone &loaded, Preprocess mode,
                       c10::ScalarType type = at::kFloat)
{
	const c10::InferenceMode inference;
	fm::Backbone &backbone = *loaded.backbone;
	/* The sizes in make_references.py. */
	const fm::PreprocessSettings settings = { mode, 150, 220, loaded.normalisation };
	const at::Tensor image = inputImage(settings, type).to(backbone.options());
	const int64_t more = backbone.imageShape({})[1] - image.size(1);
	return backbone.forward(at::constant_pad_nd(image, { 0, 0, 0, 0, 0, more })
	                                .contiguous(at::MemoryFormat::ChannelsLast),
	                        fm::Demand(backbone.levels().size(), fm::ChannelSet::all()));
}

/* Largest difference, relative to the reference's largest magnitude. */
double relativeError(const at::Tensor &features, const fm::Checkpoint &file,
                     const fm::TensorView &reference)
{
	const at::Tensor ours = features.to(at::kCPU, at::kFloat).contiguous();
	if (at::IntArrayRef(reference.shape) != ours.sizes())
		throw std::runtime_error("not the reference's shape");

	const auto elements = file.elements(reference);
	double error = 0.0;
	double magnitude = 0.0;
	for (int64_t i = 0; i < ours.numel(); ++i) {
		float expected = 0.0f;
		std::memcpy(&expected, elements.data() + (reference.offset + i) * sizeof(float),
		            sizeof(float));
		const double off = std::abs(double{ ours.const_data_ptr<float>()[i] } - expected);
		error = std::isnan(off) ? off : std::max(error, off); /* Which keeps that. */
		magnitude = std::max(magnitude, std::abs(double{ expected }));
	}
	return error / magnitude;
}

void expectLevels(const fm::Backbone &backbone, const fm::Features &features,
                  const std::string &reference, double tolerance, const std::string &only = "")
{
	const fm::Checkpoint expected{ References::get().path(reference) };
	ASSERT_EQ(expected.tensors().size(), backbone.levels().size());
	for (std::size_t i = 0; i < features.size(); ++i) {
		const fm::Level &level = backbone.levels()[i];
		if (!level.name.starts_with(only))
			continue;
		const auto found =
			std::ranges::find(expected.tensors(), level.name, &fm::NamedTensor::name);
		ASSERT_NE(found, expected.tensors().end()) << level.name;
		EXPECT_EQ(features[i].maps.size(1), level.channels) << level.name;
		EXPECT_TRUE(features[i].channels.isAll());
		EXPECT_LE(relativeError(features[i].maps, expected, found->tensor), tolerance)
			<< reference << " " << level.name;
	}
}

void expectClose(const at::Tensor &ours, const at::Tensor &expected, const std::string &what)
{
	ASSERT_EQ(ours.sizes(), expected.sizes()) << what;
	const double difference = (ours - expected).abs().max().item<double>();
	EXPECT_LE(difference, float32Tolerance * expected.abs().max().item<double>()) << what;
}

fm::LoadedBackbone load(fm::BackboneSettings settings, at::TensorOptions options = at::kFloat)
{
	const c10::InferenceMode inference;
	if (!settings.weights.empty())
		settings.weights = References::get().path(settings.weights);
	/* As Model has them: a fourth channel for tensor cores. */
	const bool isHalf = c10::typeMetaToScalarType(options.dtype()) != at::kFloat;
	return fm::loadBackbone(settings, options, options.device().is_cuda() && isHalf ? 4 : 3);
}

fm::LoadedBackbone load(BackboneKind kind, const std::string &file,
                        at::TensorOptions options = at::kFloat)
{
	return load({ .backbone = kind, .weights = file }, options);
}

/* What loading throws; fails where it throws nothing. */
fm::Error errorOf(BackboneKind kind, const std::string &file)
{
	try {
		load(kind, file);
	} catch (const fm::Error &error) {
		return error;
	}
	ADD_FAILURE() << file << " was loaded";
	return { fm::Error::Kind::Internal, "" };
}

/* A network of make_references.py: what its file is to be taken for, told from the file alone. */
struct Case {
	std::string name;
	BackboneKind kind;
	fm::BottleneckStride stride = fm::BottleneckStride::Auto;
};

void PrintTo(const Case &network, std::ostream *out)
{
	*out << network.name;
}

/* PREPROCESSED in make_references.py: the others are done as a classifier has it alone. */
bool isPreprocessed(const std::string &name)
{
	constexpr std::string_view names[] = { "resnet18-fpn",  "resnet34-fpn",  "resnet50-fpn",
		                               "resnet101-fpn", "resnet152-fpn", "mobilenet-v2" };
	return std::ranges::count(names, name) != 0;
}

std::vector<Case> everyCase()
{
	using enum BackboneKind;
	std::vector<Case> cases;
	for (const fm::BackboneInfo &info : fm::backbones)
		if (fm::isNetwork(info.kind))
			cases.push_back({ info.name, info.kind });
	for (const char *name :
	     { "retinanet", "retinanet-v2", "fasterrcnn-v2", "detectron2", "detectron2-pickle",
	       "detectron2-retinanet", "mmdetection", "mmdetection-v2" })
		cases.push_back({ name, ResNet50Fpn });
	cases.push_back({ "mmdetection-retinanet", ResNet18Fpn });
	cases.push_back({ "fpn-128", ResNet18Fpn });
	cases.push_back({ "detectron2-c4", ResNet50 });
	cases.push_back({ "stride-in-1x1", ResNet50Fpn, fm::BottleneckStride::In1x1 });
	return cases;
}

class EveryBackbone : public testing::TestWithParam<Case>
{
protected:
	const std::string &name() const { return GetParam().name; }
	fm::LoadedBackbone load(at::TensorOptions options = at::kFloat) const
	{
		return ::load({ .weights = name() + ".pth", .bottleneckStride = GetParam().stride },
		              options);
	}
};

/* On a CUDA device; skips without one. */
class EveryBackboneOnADevice : public EveryBackbone
{
protected:
	void SetUp() override
	{
		try {
			device_ = fm::selectDevice("cuda");
		} catch (const fm::Error &error) {
			GTEST_SKIP() << error.what();
		}
		scope_.emplace(device_.cuda.get());
		/* LibTorch allows it unless told otherwise, as Model's users do. */
		at::globalContext().setAllowTF32CuDNN(false);
	}

	/* Against torchvision on the CPU, and where it has the device too, on that. */
	void expectTorchvisions(c10::ScalarType type, double tolerance)
	{
		const auto loaded = load(at::TensorOptions(device_.tensors()).dtype(type));
		const fm::Features features = allLevels(loaded, Preprocess::ImageNet, type);
		expectLevels(*loaded.backbone, features, name() + ".imagenet.ref", tolerance);
		if (const std::string file = name() + ".imagenet.cuda.ref";
		    std::filesystem::exists(References::get().path(file)))
			expectLevels(*loaded.backbone, features, file, tolerance);
	}

private:
	fm::SelectedDevice device_;
	std::optional<fm::TorchScope> scope_;
};

std::string testName(const testing::TestParamInfo<Case> &info)
{
	std::string name = info.param.name;
	std::erase(name, '-');
	return name;
}

} /* namespace */

TEST_P(EveryBackbone, GivesTorchvisionsFeaturesOnEveryLevel)
{
	const fm::LoadedBackbone loaded = load();
	EXPECT_EQ(loaded.kind, GetParam().kind);
	EXPECT_EQ(loaded.warning, "");
	for (const auto &[mode, how] :
	     { std::pair{ Preprocess::None, "none" }, std::pair{ Preprocess::ImageNet, "imagenet" },
	       std::pair{ Preprocess::Detection, "detection" } })
		if (mode == Preprocess::ImageNet || isPreprocessed(name()))
			expectLevels(*loaded.backbone, allLevels(loaded, mode),
			             name() + "." + how + ".ref", float32Tolerance);
}

/* Some channels of one level alone, asked for one after the other: as in all channels of all
 * levels.
 */
TEST_P(EveryBackbone, GivesTheSameFeaturesWhenLessIsAskedFor)
{
	const fm::LoadedBackbone loaded = load();
	const fm::Features all = allLevels(loaded, Preprocess::None);
	const c10::InferenceMode inference;
	const at::Tensor image = inputImage({ Preprocess::None });

	for (std::size_t i = 0; i < 2 * all.size(); ++i) {
		const std::size_t level = i / 2;
		fm::Demand demand(all.size());
		demand[level] =
			i % 2 == 0 ? fm::ChannelSet({ 15, 2, 3, 7 }) : fm::ChannelSet({ 5 });
		const fm::Features some = loaded.backbone->forward(image, demand);
		for (std::size_t other = 0; other < all.size(); ++other)
			EXPECT_EQ(some[other].maps.defined(), other == level);
		EXPECT_EQ(some[level].channels, demand[level]);
		expectClose(some[level].maps, all[level].select(demand[level]).maps,
		            loaded.backbone->levels()[level].name);
	}
}

TEST_P(EveryBackboneOnADevice, GivesTorchvisionsFeaturesOnEveryLevel)
{
	expectTorchvisions(at::kFloat, float32Tolerance);
}

TEST_P(EveryBackboneOnADevice, StaysWithinTheToleranceOfHalfPrecision)
{
	expectTorchvisions(at::kHalf, float16Tolerance);
	expectTorchvisions(at::kBFloat16, bfloat16Tolerance);
}

INSTANTIATE_TEST_SUITE_P(Parity, EveryBackbone, testing::ValuesIn(everyCase()), testName);
INSTANTIATE_TEST_SUITE_P(Parity, EveryBackboneOnADevice, testing::ValuesIn(everyCase()), testName);

TEST(Precision, OfHalfStaysWithinItsTolerance)
{
	for (const auto &[type, tolerance] : { std::pair{ at::kHalf, float16Tolerance },
	                                       std::pair{ at::kBFloat16, bfloat16Tolerance } })
		for (const BackboneKind kind :
		     { BackboneKind::ResNet18Fpn, BackboneKind::MobileNetV3LargeFpn }) {
			const std::string name = fm::backboneName(kind);
			const auto loaded = load(kind, name + ".pth", type);
			expectLevels(*loaded.backbone,
			             allLevels(loaded, Preprocess::ImageNet, type),
			             name + ".imagenet.ref", tolerance);
		}
}

/* Else a random network would show nothing in half precision. */
TEST(Weights, ThatAreRandomKeepValuesWithinHalfPrecision)
{
	for (const fm::BackboneInfo &info : fm::backbones) {
		if (!fm::isNetwork(info.kind))
			continue;
		const auto loaded = load(info.kind, "");
		const fm::Features features = allLevels(loaded, Preprocess::ImageNet);
		for (std::size_t i = 0; i < features.size(); ++i) {
			const double most = features[i].maps.abs().max().item<double>();
			EXPECT_GT(most, 1e-2)
				<< info.name << " " << loaded.backbone->levels()[i].name;
			EXPECT_LT(most, 1e4)
				<< info.name << " " << loaded.backbone->levels()[i].name;
		}
	}
}

TEST(Weights, AreSharedByBackbonesOfTheSameFile)
{
	const auto first = load(BackboneKind::ResNet18Fpn, "resnet18-fpn.pth");
	const auto second = load(BackboneKind::ResNet18Fpn, "resnet18-fpn.pth");
	EXPECT_EQ(&first.backbone->levels(), &second.backbone->levels());
	const auto half = load(BackboneKind::ResNet18Fpn, "resnet18-fpn.pth", at::kHalf);
	EXPECT_NE(&first.backbone->levels(), &half.backbone->levels());
	const auto otherwise = load({ .weights = "resnet18-fpn.pth", .bnEpsilon = 0.0 });
	EXPECT_NE(&first.backbone->levels(), &otherwise.backbone->levels());
}

/* Two views: all channels go on to the FPN, four are shown; the pool's are a part of p5's. */
TEST(Demand, OfSeveralLevelsGivesEachWhatItAsksFor)
{
	const auto loaded = load(BackboneKind::ResNet18Fpn, "resnet18-fpn.pth");
	const fm::Features all = allLevels(loaded, Preprocess::None);
	const auto level = [&](const char *name) {
		return std::ranges::find(loaded.backbone->levels(), name, &fm::Level::name) -
		       loaded.backbone->levels().begin();
	};
	fm::Demand demand(all.size());
	demand[level("c3")] = fm::ChannelSet({ 1, 9 });
	demand[level("c5")] = fm::ChannelSet({ 1, 2, 3, 100 });
	demand[level("p5")] = fm::ChannelSet({ 4 });
	demand[level("pool")] = fm::ChannelSet({ 6, 7 });

	const c10::InferenceMode inference;
	const fm::Features some =
		loaded.backbone->forward(inputImage({ Preprocess::None }), demand);
	EXPECT_EQ(some[level("p5")].channels, fm::ChannelSet({ 4, 6, 7 }));
	for (std::size_t i = 0; i < demand.size(); ++i) {
		if (demand[i].empty())
			continue;
		ASSERT_TRUE(some[i].channels.contains(demand[i]));
		expectClose(some[i].select(demand[i]).maps, all[i].select(demand[i]).maps,
		            loaded.backbone->levels()[i].name);
	}
}

/* Sums are written over what they add: never over maps that somebody holds. */
TEST(Demand, LeavesTheMapsOfEarlierFramesAlone)
{
	const auto loaded = load(BackboneKind::ResNet18Fpn, "resnet18-fpn.pth");
	const fm::Features held = allLevels(loaded, Preprocess::None);
	std::vector<at::Tensor> copies;
	for (const fm::LevelMaps &level : held)
		copies.push_back(level.maps.clone());
	allLevels(loaded, Preprocess::ImageNet);
	const fm::Features again = allLevels(loaded, Preprocess::None);
	for (std::size_t i = 0; i < held.size(); ++i) {
		EXPECT_TRUE(held[i].maps.equal(copies[i]));
		EXPECT_TRUE(again[i].maps.equal(copies[i]));
	}
}

TEST(BatchNorm, TakesTheEpsilonThatIsSet)
{
	const auto loaded = load({ .weights = "resnet18-fpn.pth", .bnEpsilon = 0.0 });
	expectLevels(*loaded.backbone, allLevels(loaded, Preprocess::ImageNet), "epsilon.ref",
	             float32Tolerance);
}

TEST(Weights, LoadUnderEveryNameFoundInTheWild)
{
	for (const std::string variant :
	     { "alone", "detector", "model", "statedict", "parallel", "old", "frozen" }) {
		const auto loaded =
			load(BackboneKind::ResNet18Fpn, "names/resnet18-fpn." + variant + ".pth");
		SCOPED_TRACE(variant);
		EXPECT_EQ(loaded.warning, "");
		expectLevels(*loaded.backbone, allLevels(loaded, Preprocess::None),
		             "resnet18-fpn.none.ref", float32Tolerance);
	}
	for (const std::string variant : { "classifier", "backbone", "model" }) {
		const auto loaded =
			load(BackboneKind::MobileNetV2, "names/mobilenet-v2." + variant + ".pth");
		SCOPED_TRACE(variant);
		expectLevels(*loaded.backbone, allLevels(loaded, Preprocess::None),
		             "mobilenet-v2.none.ref", float32Tolerance);
	}
}

/* What a family has otherwise is a default, no more. */
TEST(Weights, OfAnotherFamilyCanBeTakenAsTorchvisions)
{
	auto loaded = load({ .weights = "detectron2.pth",
	                     .channelOrder = fm::ChannelOrder::Rgb,
	                     .bottleneckStride = fm::BottleneckStride::In3x3 });
	EXPECT_NE(loaded.normalisation, fm::Normalisation());
	loaded.normalisation = {};
	expectLevels(*loaded.backbone, allLevels(loaded, Preprocess::ImageNet), "overridden.ref",
	             float32Tolerance);
}

TEST(Weights, OfNoKnownBackboneAreRefused)
{
	const fm::Error error = errorOf(BackboneKind::Auto, "unknown.pth");
	EXPECT_EQ(error.kind, fm::Error::Kind::Mismatch);
	EXPECT_NE(std::string(error.what()).find("holds no backbone that is known"),
	          std::string::npos)
		<< error.what();
}

TEST(Weights, NextToAKnownBackboneAreRefusedWithItsName)
{
	const std::string sentence = errorOf(BackboneKind::Auto, "missing.pth").what();
	EXPECT_NE(sentence.find("next to it is resnet18-fpn"), std::string::npos) << sentence;
}

TEST(Weights, OfAClassifierFillTheBodyAloneAndSaySo)
{
	const auto loaded = load(BackboneKind::ResNet18Fpn, "classifier.pth");
	EXPECT_NE(loaded.warning.find("holds no FPN"), std::string::npos);
	expectLevels(*loaded.backbone, allLevels(loaded, Preprocess::None), "resnet18-fpn.none.ref",
	             float32Tolerance, "c");
}

/* What is not the FPN has to fit as it is. */
TEST(Weights, OfAnotherClassifierDoNotFillTheBody)
{
	for (const auto &[kind, file, part] :
	     { std::tuple{ BackboneKind::ResNet50Fpn, "resnext50-32x4d.pth", "of the wrong shape" },
	       std::tuple{ BackboneKind::ResNet50Fpn, "wide-resnet50-2.pth", "of the wrong shape" },
	       std::tuple{ BackboneKind::ResNet50Fpn, "resnet101.pth", "not in this backbone" },
	       std::tuple{ BackboneKind::ResNet18Fpn, "resnet50.pth", "of the wrong shape" } }) {
		const fm::Error error = errorOf(kind, file);
		EXPECT_EQ(error.kind, fm::Error::Kind::Mismatch) << file;
		EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
	}
}

TEST(StateDict, NeverReplacesATensorOfAnotherShape)
{
	const fm::WeightsFile file(References::get().path("resnet18.pth"));
	fm::StateDict parameters(&file);
	EXPECT_EQ(parameters.take("body.bn1.weight", { 64 }, fm::Parameter::One).numel(), 64);
	EXPECT_THROW(parameters.take("body.bn1.weight", { 32 }, fm::Parameter::One), fm::Error);
}

TEST(Weights, ThatAreMissingAreNamedUpToFiveAndCounted)
{
	const fm::Error error = errorOf(BackboneKind::ResNet18Fpn, "missing.pth");
	const std::string sentence = error.what();
	EXPECT_EQ(error.kind, fm::Error::Kind::Mismatch);
	EXPECT_NE(sentence.find("missing: body.layer3.0.conv1.weight, "), std::string::npos)
		<< sentence;
	/* layer3 of a ResNet-18: five convolutions with norms of four parameters. */
	EXPECT_NE(sentence.find(" and 20 more"), std::string::npos) << sentence;
}

TEST(Weights, OfTheWrongShapeAreNamedWithBothShapes)
{
	const std::string sentence = errorOf(BackboneKind::ResNet18Fpn, "misshapen.pth").what();
	EXPECT_NE(sentence.find("body.conv1.weight: [64, 3, 3, 3] instead of [64, 3, 7, 7]"),
	          std::string::npos)
		<< sentence;
}

TEST(Weights, OfADeeperBackboneAreRefused)
{
	/* All that a ResNet-50 needs is in a ResNet-101's file, and would give a wrong picture. */
	const fm::Error error = errorOf(BackboneKind::ResNet50Fpn, "resnet101-fpn.pth");
	EXPECT_NE(std::string(error.what()).find("not in this backbone: body.layer3."),
	          std::string::npos);
}

TEST(Weights, OfAnotherFamilyAreRefused)
{
	const fm::Error error = errorOf(BackboneKind::MobileNetV2, "resnet18-fpn.pth");
	EXPECT_NE(std::string(error.what()).find("holds no tensor of mobilenet-v2"),
	          std::string::npos);
}

TEST(Weights, ThatAreNotGivenAreTheSameEachTime)
{
	const c10::InferenceMode inference;
	const auto make = [] {
		return fm::loadBackbone({ .backbone = BackboneKind::MobileNetV2 },
		                        at::TensorOptions(at::kFloat));
	};
	const auto first = make();
	const auto second = make();
	EXPECT_NE(first.warning, "");
	const fm::Features a = allLevels(first, Preprocess::ImageNet);
	const fm::Features b = allLevels(second, Preprocess::ImageNet);
	for (std::size_t i = 0; i < a.size(); ++i) {
		EXPECT_TRUE(a[i].maps.equal(b[i].maps));
		EXPECT_GT(a[i].maps.std().item<float>(), 0.0f);
	}
}
