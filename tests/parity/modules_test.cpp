/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/item.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "../scriptfolder.h"
#include "backbone/modulebackbone.h"
#include "checkpoint/checkpoint.h"
#include "error.h"

namespace {

constexpr double float32Tolerance = 1e-4;
constexpr double bfloat16Tolerance = 2e-2;

/* What make_modules.py writes; made once for each run of the test program. */
std::string path(const std::string &name)
{
	static const ScriptFolder folder("parity/make_modules.py");
	return folder.path(name);
}

/* An image or maps, with the four sides in front. */
at::Tensor readTensor(const std::string &name)
{
	std::ifstream file(path(name), std::ios::binary);
	std::vector<int64_t> sides(4);
	file.read(reinterpret_cast<char *>(sides.data()), 4 * sizeof(int64_t));
	if (!file)
		throw std::runtime_error("make_modules.py wrote no " + name);
	at::Tensor tensor = at::empty(sides, at::kFloat);
	file.read(static_cast<char *>(tensor.mutable_data_ptr()),
	          static_cast<std::streamsize>(tensor.nbytes()));
	return tensor;
}

std::vector<std::string> readLines(const std::string &name)
{
	std::ifstream file(path(name));
	std::vector<std::string> lines;
	for (std::string line; std::getline(file, line);)
		lines.push_back(line);
	return lines;
}

std::unique_ptr<fm::Backbone> load(const std::string &name,
                                   std::optional<c10::ScalarType> type = {},
                                   fm::ChannelOrder order = fm::ChannelOrder::Auto)
{
	const c10::InferenceMode inference;
	fm::BackboneSettings settings;
	settings.backbone = fm::BackboneKind::TorchScript;
	settings.weights = path(name);
	settings.channelOrder = order;
	return fm::loadModule(settings, type.value_or(at::kFloat), !type);
}

fm::Demand allOf(const fm::Backbone &backbone)
{
	return fm::Demand(backbone.levels().size(), fm::ChannelSet::all());
}

fm::Features run(fm::Backbone &backbone, const at::Tensor &image)
{
	const c10::InferenceMode inference;
	return backbone.forward(
		image.to(backbone.options()).contiguous(at::MemoryFormat::ChannelsLast),
		allOf(backbone));
}

at::Tensor black(fm::Size size)
{
	return at::zeros({ 1, 3, size.height, size.width });
}

void expectClose(const at::Tensor &ours, const at::Tensor &expected, double tolerance,
                 const std::string &what)
{
	ASSERT_EQ(ours.sizes(), expected.sizes()) << what;
	const double difference = (ours.to(at::kFloat) - expected).abs().max().item<double>();
	EXPECT_LE(difference, tolerance * expected.abs().max().item<double>()) << what;
}

/* The levels by name and order, and the maps of each, as the original in Python has them. */
void expectOriginal(fm::Backbone &backbone, const std::string &name, double tolerance)
{
	std::vector<std::string> levels;
	for (const fm::Level &level : backbone.levels())
		levels.push_back(level.name);
	EXPECT_EQ(levels, readLines(name + ".levels"));

	const fm::Features features = run(backbone, readTensor(name + ".image"));
	for (std::size_t i = 0; i < levels.size(); ++i) {
		EXPECT_EQ(features[i].maps.scalar_type(), backbone.options().dtype());
		EXPECT_TRUE(features[i].maps.is_contiguous(at::MemoryFormat::ChannelsLast));
		EXPECT_EQ(features[i].maps.size(1), backbone.levels()[i].channels);
		expectClose(features[i].maps, readTensor(name + "." + levels[i] + ".map"),
		            tolerance, name + " " + levels[i]);
	}
}

/* What \a body throws; fails where it throws nothing. */
template<typename Body>
fm::Error errorOf(Body &&body)
{
	try {
		body();
	} catch (const fm::Error &error) {
		return error;
	}
	ADD_FAILURE() << "there was no error";
	return { fm::Error::Kind::Internal, "" };
}

void expectError(const fm::Error &error, fm::Error::Kind kind,
                 const std::vector<std::string> &parts)
{
	EXPECT_EQ(error.kind, kind) << error.what();
	for (const std::string &part : parts)
		EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
			<< "'" << part << "' is not in '" << error.what() << "'";
}

class EveryModule : public testing::TestWithParam<const char *>
{
};

std::string testName(const testing::TestParamInfo<const char *> &info)
{
	std::string name = info.param;
	std::erase(name, '.');
	return name;
}

TEST_P(EveryModule, GivesTheOriginalsFeaturesOnEveryLevel)
{
	const auto backbone = load(std::string(GetParam()) + ".pt");
	expectOriginal(*backbone, GetParam(), float32Tolerance);
}

INSTANTIATE_TEST_SUITE_P(TorchScript, EveryModule,
                         testing::Values("fpn", "traceddict", "dict", "single", "list", "tuple",
                                         "named", "nested", "contiguous", "frozen", "double",
                                         "tokens.plain", "tokens.classtoken", "tokens.registers",
                                         "tokens.padded", "tokens.vit"),
                         testName);

TEST(Module, GivesItsFeaturesInTheTypeThatIsAskedFor)
{
	for (const auto type : { at::kBFloat16, at::kHalf }) {
		const auto backbone = load("dict.pt", type);
		EXPECT_EQ(backbone->options().dtype(), type);
		expectOriginal(*backbone, "dict", bfloat16Tolerance);
	}
}

TEST(Module, TakesBlueFirstWhereItIsAskedTo)
{
	const at::Tensor image = readTensor("dict.image");
	const fm::Features rgb = run(*load("dict.pt"), image);
	const auto bgr = load("dict.pt", {}, fm::ChannelOrder::Bgr);
	const fm::Features flipped = run(*bgr, image.flip(1));
	const fm::Features same = run(*bgr, image);
	for (std::size_t i = 0; i < rgb.size(); ++i) {
		EXPECT_TRUE(flipped[i].maps.equal(rgb[i].maps));
		EXPECT_FALSE(same[i].maps.equal(rgb[i].maps));
	}
}

TEST(Module, HasTheStridesOfItsMaps)
{
	const auto strides = [](const char *name) {
		std::vector<int> strides;
		for (const fm::Level &level : load(name)->levels())
			strides.push_back(level.stride);
		return strides;
	};
	EXPECT_EQ(strides("fpn.pt"), (std::vector<int>{ 4, 8, 16, 32, 64 }));
	EXPECT_EQ(strides("tokens.vit.pt"), (std::vector<int>{ 16 }));
}

TEST(Module, IsPreparedForASizeOnceAndSaysWhichMapsItGives)
{
	const c10::InferenceMode inference;
	const auto backbone = load("dict.pt");
	for (int round = 0; round < 2; ++round)
		for (const fm::Size size : { fm::Size{ 96, 64 }, fm::Size{ 64, 96 } }) {
			const auto prepared = backbone->prepare(allOf(*backbone), size);
			const fm::Features features = run(*backbone, black(size));
			for (std::size_t i = 0; i < features.size(); ++i) {
				EXPECT_TRUE(prepared->levels[i].channels.isAll());
				EXPECT_EQ(prepared->levels[i].size.width, features[i].maps.size(3));
				EXPECT_EQ(prepared->levels[i].size.height,
				          features[i].maps.size(2));
			}
		}
	EXPECT_EQ(backbone->preparations(), 2);
}

TEST(Module, GivesNothingForALevelThatIsNotAskedFor)
{
	const c10::InferenceMode inference;
	const auto backbone = load("dict.pt");
	const fm::Features features =
		backbone->forward(black({ 64, 64 }), { {}, fm::ChannelSet({ 3 }) });
	EXPECT_FALSE(features[0].maps.defined());
	EXPECT_TRUE(features[1].channels.contains(fm::ChannelSet({ 3 })));
}

TEST(Module, IsSharedByBackbonesOfTheSameFile)
{
	const auto first = load("dict.pt");
	EXPECT_EQ(&load("dict.pt")->levels(), &first->levels());
	EXPECT_NE(&load("dict.pt", at::kBFloat16)->levels(), &first->levels());
}

bool hasPackages()
{
	return std::filesystem::exists(path("package.fixed.pt2"));
}

constexpr const char *whyNoPackages =
	"torch cannot make packages: it wants a C++ compiler, and no space in its own path";

class EveryPackage : public testing::TestWithParam<const char *>
{
protected:
	void SetUp() override
	{
		if (!hasPackages())
			GTEST_SKIP() << whyNoPackages;
	}
};

class Package : public testing::Test
{
protected:
	void SetUp() override
	{
		if (!hasPackages())
			GTEST_SKIP() << whyNoPackages;
	}
};

TEST_P(EveryPackage, GivesTheOriginalsFeaturesOnEveryLevel)
{
	const auto backbone = load(std::string(GetParam()) + ".pt2");
	const bool isHalf = backbone->options().dtype() == at::kBFloat16;
	expectOriginal(*backbone, GetParam(), isHalf ? bfloat16Tolerance : float32Tolerance);
}

INSTANTIATE_TEST_SUITE_P(Compiled, EveryPackage,
                         testing::Values("package.fixed", "package.dynamic", "package.bfloat16"),
                         testName);

/* It would read beyond the image. */
TEST_F(Package, NamesTheSizeThatItWasCompiledFor)
{
	const auto fixed = load("package.fixed.pt2");
	expectError(errorOf([&] {
			    run(*fixed, black({ 64, 64 }));
		    }),
	            fm::Error::Kind::BadSetting, { path("package.fixed.pt2"), "96x64", "64x64" });
	const auto dynamic = load("package.dynamic.pt2");
	run(*dynamic, black({ 320, 200 }));
	expectError(errorOf([&] {
			    run(*dynamic, black({ 300, 200 }));
		    }),
	            fm::Error::Kind::BadSetting,
	            { path("package.dynamic.pt2"), "multiple of 32", "300x200" });
	expectError(errorOf([&] {
			    run(*dynamic, black({ 320, 2050 }));
		    }),
	            fm::Error::Kind::BadSetting,
	            { path("package.dynamic.pt2"), "at most 2048", "320x2050" });
}

TEST_F(Package, NamesTheDeviceAndTheTypeThatItWasCompiledFor)
{
	expectError(errorOf([] { load("bad/forcuda.pt2"); }), fm::Error::Kind::BadSetting,
	            { path("bad/forcuda.pt2"), "device=cuda" });
	expectError(errorOf([] { load("package.bfloat16.pt2", at::kFloat); }),
	            fm::Error::Kind::BadSetting,
	            { path("package.bfloat16.pt2"), "precision=bfloat16" });
	EXPECT_TRUE(load("package.bfloat16.pt2", at::kBFloat16));
}

TEST_F(Package, IsSharedByBackbonesOfTheSameFile)
{
	const auto first = load("package.dynamic.pt2");
	EXPECT_EQ(&load("package.dynamic.pt2")->levels(), &first->levels());
}

TEST_F(Package, IsNotRunByTheOtherBackbones)
{
	expectError(errorOf([] { const fm::Checkpoint file(path("package.fixed.pt2")); }),
	            fm::Error::Kind::Unsupported,
	            { path("package.fixed.pt2"), "compiled package", "backbone=torchscript" });
}

TEST_F(Package, ThatTakesNoImageOfAnyWidthAndHeightIsAnError)
{
	expectError(errorOf([] { load("bad/square.pt2"); }), fm::Error::Kind::Unsupported,
	            { path("bad/square.pt2"), "depend on each other" });
}

TEST(Module, NamesTheSizeThatItTakesWhereItTakesNoOther)
{
	const auto backbone = load("tokens.vit.pt");
	expectError(errorOf([&] {
			    run(*backbone, black({ 160, 128 }));
		    }),
	            fm::Error::Kind::BadSetting, { path("tokens.vit.pt"), "160x128", "224x224" });
	run(*backbone, black({ 224, 224 }));
}

struct Bad {
	const char *file;
	fm::Error::Kind kind;
	std::vector<std::string> sentence;
};

std::ostream &operator<<(std::ostream &stream, const Bad &bad)
{
	return stream << bad.file;
}

class BadModule : public testing::TestWithParam<Bad>
{
};

TEST_P(BadModule, IsAnErrorThatNamesTheFileAndWhatIsWrong)
{
	const std::string name = std::string("bad/") + GetParam().file;
	const fm::Error error = errorOf([&] { load(name); });
	expectError(error, GetParam().kind, { "'" + path(name) + "'" });
	expectError(error, GetParam().kind, GetParam().sentence);
}

using Kind = fm::Error::Kind;
INSTANTIATE_TEST_SUITE_P(
	Files, BadModule,
	testing::Values(
		Bad{ "notthere", Kind::NotFound, {} }, Bad{ "empty", Kind::Unreadable, {} },
		Bad{ "text", Kind::Unreadable, { "neither a TorchScript module" } },
		Bad{ "checkpoint", Kind::Mismatch, { "is a checkpoint" } },
		Bad{ "oldcheckpoint", Kind::Mismatch, { "is a checkpoint" } },
		Bad{ "exported.pt2", Kind::Unsupported, { "aoti_compile_and_package" } },
		Bad{ "raises", Kind::Mismatch, { "this one never works" } },
		Bad{ "returnstext", Kind::Mismatch, { "no feature maps", "str" } },
		Bad{ "pooled", Kind::Mismatch, { "[1, C, h, w]", "0: Float [1, 3]", "int" } },
		Bad{ "channelslast", Kind::Mismatch, { "with the channels last, [1, h, w, C]" } },
		Bad{ "twoimages", Kind::Mismatch, { "forward" } },
		Bad{ "manyimages", Kind::Mismatch, { "forward" } }),
	[](const auto &info) {
		std::string name = info.param.file;
		std::erase(name, '.');
		return name;
	});

TEST(Module, ThatIsCutOffIsAnError)
{
	for (int i = 1; i < 16; ++i) {
		const std::string name = "bad/truncated" + std::to_string(i);
		expectError(errorOf([&] { load(name); }), Kind::Unreadable, { path(name) });
	}
}

/* The first run, as it is loaded, is the one that tells the levels. */
TEST(Module, ThatReturnsOtherLevelsThanBeforeIsAnError)
{
	for (const auto &[name, part] : { std::pair{ "bad/changingnumber", "no 3 maps as '2'" },
	                                  std::pair{ "bad/changingchannels", "no 3 maps as '0'" },
	                                  std::pair{ "bad/changingsize", "other sizes" } }) {
		const auto backbone = load(name);
		const fm::Error error = errorOf([&] {
			for (int frame = 0; frame < 3; ++frame)
				run(*backbone, black({ 256, 256 }));
		});
		expectError(error, Kind::Mismatch, { path(name), part });
	}
}

} /* namespace */
