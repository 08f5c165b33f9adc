/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include <gtest/gtest.h>

#include "../safetensorsfile.h"
#include "error.h"
#include "view/basisfile.h"
#include "view/componentbasis.h"

using namespace fm;
namespace fs = std::filesystem;

namespace {

constexpr int channels = 16;
const Level level = { "p3", "", channels, 8 };

using Tensors = std::vector<WrittenTensor>;

/* In a folder that goes with the test. */
class Bases : public testing::Test
{
protected:
	void SetUp() override
	{
		std::string name = fs::temp_directory_path() / "featuremosaic-basis-XXXXXX";
		ASSERT_NE(mkdtemp(name.data()), nullptr);
		folder_ = name;
	}
	void TearDown() override { fs::remove_all(folder_); }

	std::string path(const std::string &name = "basis.safetensors") const
	{
		return folder_ / name;
	}

	/* Renamed to its place, as a program would do that others read from. */
	std::string write(const Tensors &tensors, const std::string &name = "basis.safetensors")
	{
		writeSafetensors(path("new"), tensors);
		fs::rename(path("new"), path(name));
		return path(name);
	}

	void expectRefused(const Tensors &tensors, const std::vector<std::string> &parts)
	{
		expectError(write(tensors), Error::Kind::Mismatch, parts);
	}

	static void expectError(const std::string &file, Error::Kind kind,
	                        const std::vector<std::string> &parts)
	{
		try {
			BasisFile().basisOf(level, file);
			FAIL() << "read " << file;
		} catch (const Error &error) {
			EXPECT_EQ(error.kind, kind) << error.what();
			const std::string sentence = error.what();
			EXPECT_NE(sentence.find(file), std::string::npos) << sentence;
			for (const std::string &part : parts)
				EXPECT_NE(sentence.find(part), std::string::npos)
					<< "'" << part << "' is not in " << sentence;
		}
	}

private:
	fs::path folder_;
};

/* With one tensor of another shape or other values. */
Tensors with(const WrittenTensor &other)
{
	Tensors tensors = someBasis("p3", channels);
	for (WrittenTensor &tensor : tensors)
		if (tensor.name == other.name)
			tensor = other;
	return tensors;
}

std::vector<float> ones(std::size_t count, float last = 1.0f)
{
	std::vector<float> values(count, 1.0f);
	values.back() = last;
	return values;
}

} /* namespace */

TEST_F(Bases, AreScaledByTheDeviationAlongEachComponent)
{
	const Tensors tensors = someBasis("p3", channels);
	/* Beside those of other levels, which may be of any kind. */
	Tensors all = someBasis("p4", 5);
	all.push_back({ "p3", { 1 }, { 0.0f } });
	all.insert(all.end(), tensors.begin(), tensors.end());
	const auto basis = BasisFile().basisOf(level, write(all));
	ASSERT_EQ(basis->mean.sizes(), (std::vector<int64_t>{ channels, 1 }));
	ASSERT_EQ(basis->axes.sizes(), (std::vector<int64_t>{ channels, 3 }));
	for (int c = 0; c < channels; ++c) {
		EXPECT_EQ(basis->mean[c][0].item<float>(), tensors[0].values[c]);
		for (int k = 0; k < 3; ++k)
			EXPECT_FLOAT_EQ(basis->axes[c][k].item<float>(),
			                tensors[1].values[k * channels + c] /
			                        std::sqrt(tensors[2].values[k]));
	}
}

TEST_F(Bases, MayHaveMoreComponentsThanThree)
{
	const Tensors three = someBasis("p3", channels);
	Tensors five = three;
	five[1].shape = { 5, channels };
	five[1].values.resize(5 * channels, std::numeric_limits<float>::quiet_NaN());
	five[2].shape = { 5 };
	five[2].values.resize(5, -1.0f);
	const auto expected = BasisFile().basisOf(level, write(three));
	const auto basis = BasisFile().basisOf(level, write(five));
	EXPECT_TRUE(basis->axes.equal(expected->axes));
	EXPECT_TRUE(basis->mean.equal(expected->mean));
}

TEST_F(Bases, AreZeroAlongWhatDoesNotVary)
{
	const auto basis = BasisFile().basisOf(
		level, write(with({ "p3.explained_variance", { 3 }, { 1.0f, 1.0f, 0.0f } })));
	EXPECT_EQ(basis->axes.select(1, 2).abs().max().item<float>(), 0.0f);
	EXPECT_GT(basis->axes.select(1, 1).abs().max().item<float>(), 0.0f);
}

TEST_F(Bases, OfFilesThatCannotBeReadAreAnError)
{
	expectError(path("absent"), Error::Kind::NotFound, { "does not exist" });
	expectError(fs::path(path()).parent_path(), Error::Kind::Unreadable, { "folder" });
	std::ofstream(path("text")) << "This is no basis.\n";
	expectError(path("text"), Error::Kind::Unreadable, { "not a checkpoint" });
	write(someBasis("p3", channels), "cut");
	fs::resize_file(path("cut"), fs::file_size(path("cut")) - 4);
	expectError(path("cut"), Error::Kind::Unreadable, {});
	write(someBasis("p3", channels), "large");
	fs::resize_file(path("large"), std::uintmax_t{ 1 } << 32);
	expectError(path("large"), Error::Kind::Unreadable, { "too large", "64 MiB" });
}

TEST_F(Bases, ThatDoNotFitTheLevelAreAnErrorThatNamesWhatDoesNot)
{
	Tensors others = someBasis("p4", channels);
	const Tensors more = someBasis("c2", channels);
	others.insert(others.end(), more.begin(), more.end());
	expectRefused(others, { "level p3", "p4, c2" });
	expectRefused({ { "conv1.weight", { 1 }, { 1.0f } } }, { "no basis" });
	for (int missing = 0; missing < 3; ++missing) {
		Tensors tensors = someBasis("p3", channels);
		const std::string name = tensors[missing].name;
		tensors.erase(tensors.begin() + missing);
		/* Without components there is no basis at all. */
		expectRefused(tensors, { missing == 1 ? "no basis" : "'" + name + "'" });
	}
	expectRefused(someBasis("p3", channels + 1),
	              { "'p3.components'", "[3, 17]", "[3, 16]", "16 channels" });
	expectRefused(with({ "p3.mean", { channels - 1 }, ones(channels - 1) }),
	              { "'p3.mean'", "[15]", "[16]" });
	expectRefused(with({ "p3.components", { 2, channels }, ones(2 * channels) }),
	              { "'p3.components'", "[2, 16]", "[3, 16]" });
	expectRefused(with({ "p3.components", { 3 * channels }, ones(3 * channels) }),
	              { "'p3.components'", "[48]" });
	expectRefused(with({ "p3.explained_variance", { 2 }, ones(2) }),
	              { "'p3.explained_variance'", "[2]", "[3]" });
}

TEST_F(Bases, WithValuesThatAreNoUseAreAnError)
{
	for (const float bad :
	     { std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity() }) {
		expectRefused(with({ "p3.mean", { channels }, ones(channels, bad) }),
		              { "'p3.mean'", "not finite" });
		expectRefused(with({ "p3.components", { 3, channels }, ones(3 * channels, bad) }),
		              { "'p3.components'", "not finite" });
		expectRefused(with({ "p3.explained_variance", { 3 }, ones(3, bad) }),
		              { "'p3.explained_variance'", "not finite" });
	}
	expectRefused(with({ "p3.explained_variance", { 3 }, ones(3, -1e-3f) }),
	              { "'p3.explained_variance'", "below 0" });
	/* Too large once it is divided by the deviation. */
	Tensors tensors = with({ "p3.explained_variance", { 3 }, ones(3, 1e-30f) });
	tensors[1].values.back() = 1e30f;
	expectRefused(tensors, { "'p3.components'", "not finite" });
}

TEST_F(Bases, AreReadOnceForEachContentOfTheFile)
{
	BasisFile file;
	write(someBasis("p3", channels, 1));
	const auto first = file.basisOf(level, path());
	EXPECT_EQ(file.basisOf(level, path()), first);

	write(someBasis("p3", channels, 2));
	const auto second = file.basisOf(level, path());
	EXPECT_FALSE(second->axes.equal(first->axes));
	EXPECT_EQ(file.basisOf(level, path()), second);

	fs::remove(path());
	EXPECT_EQ(file.basisOf(level, path()), second) << "it was read before it was gone";
	const Level other = { "p4", "", channels, 16 };
	EXPECT_THROW(file.basisOf(other, path()), Error);
	EXPECT_THROW(file.basisOf(level, path()), Error);
	EXPECT_THROW(file.basisOf(level, path("another")), Error);
}

TEST_F(Bases, ThatAreWrongAreReadAgainOnceTheyAreOthers)
{
	BasisFile file;
	write(someBasis("p4", channels));
	for (int i = 0; i < 2; ++i)
		EXPECT_THROW(file.basisOf(level, path()), Error);
	write(someBasis("p3", channels));
	EXPECT_NE(file.basisOf(level, path()), nullptr);
	/* A level of that name in another model. */
	EXPECT_THROW(file.basisOf({ "p3", "", channels + 1, 8 }, path()), Error);
}
