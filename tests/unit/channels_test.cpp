/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <numeric>
#include <random>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "error.h"
#include "view/channels.h"
#include "view/statistics.h"

using namespace fm;

namespace {

/* A level of 2x1 maps whose mean absolute values are \a means; the signs must not matter. */
FeatureMaps level(const std::vector<float> &means, std::vector<float> &values)
{
	values.clear();
	for (const float mean : means) {
		values.push_back(-2.0f * mean);
		values.push_back(0.0f);
	}
	return { values.data(), static_cast<int>(means.size()), 1, 2, 2, 2, 1 };
}

} /* namespace */

TEST(Channels, AreIndicesAndRanges)
{
	EXPECT_EQ(ChannelSelection::parse("0-3").indices(256), (std::vector{ 0, 1, 2, 3 }));
	EXPECT_EQ(ChannelSelection::parse("3,17,200-203").indices(256),
	          (std::vector{ 3, 17, 200, 201, 202, 203 }));
	EXPECT_EQ(ChannelSelection::parse(" 5 , 1 ").indices(256), (std::vector{ 5, 1 }));
	EXPECT_EQ(ChannelSelection::parse("all").indices(4), (std::vector{ 0, 1, 2, 3 }));
	EXPECT_EQ(ChannelSelection::parse("all").count(64), 64);
	for (const char *text : { "top:12", "var:12", "change:12", "random:12:7" })
		EXPECT_EQ(ChannelSelection::parse(text).count(64), 12) << text;
}

TEST(Channels, ThatAreNotUnderstoodAreRefusedWithTheAcceptedForms)
{
	for (const char *text : { "",
	                          "abc",
	                          "-1",
	                          "1-",
	                          "3-1",
	                          "1,,2",
	                          "1,",
	                          "top:",
	                          "top:0",
	                          "top:-3",
	                          "all,1",
	                          "0x3",
	                          "99999999999",
	                          "1 2",
	                          "1.5",
	                          "top:3,4",
	                          "0-65536",
	                          "var:",
	                          "var:0",
	                          "change:x",
	                          "change:2:3",
	                          "random:",
	                          "random:3",
	                          "random:3:",
	                          "random:0:1",
	                          "random:3:-1",
	                          "random:3:4294967296",
	                          "random:3:1:2" }) {
		try {
			ChannelSelection::parse(text);
			ADD_FAILURE() << "'" << text << "' was accepted";
		} catch (const Error &error) {
			EXPECT_EQ(error.kind, Error::Kind::BadSetting);
			EXPECT_NE(std::string(error.what()).find("top:12"), std::string::npos);
		}
	}
}

TEST(Channels, BeyondTheLevelAreRefusedWithItsRange)
{
	for (const char *text : { "0-64", "64", "top:65", "var:65", "change:65", "random:65:1" }) {
		try {
			ChannelSelection::parse(text).check("c1", 64);
			ADD_FAILURE() << "'" << text << "' was accepted";
		} catch (const Error &error) {
			EXPECT_NE(std::string(error.what()).find("(0-63)"), std::string::npos)
				<< error.what();
		}
	}
	for (const char *text : { "0-63", "top:64", "var:64", "change:64", "random:64:1", "all" })
		EXPECT_NO_THROW(ChannelSelection::parse(text).check("c1", 64));
}

TEST(Channels, AtRandomAreDrawnWithoutRepetition)
{
	std::vector<int> channels = ChannelSelection::parse("random:64:5").indices(64);
	EXPECT_NE(channels, ChannelSelection::parse("all").indices(64));
	EXPECT_NE(channels, ChannelSelection::parse("random:64:6").indices(64));
	const auto fewer = ChannelSelection::parse("random:20:5").indices(64);
	EXPECT_TRUE(std::ranges::equal(fewer, std::span(channels).first(20)));
	std::ranges::sort(channels);
	EXPECT_EQ(channels, ChannelSelection::parse("all").indices(64));
}

/* NumPy's legacy generator is the same one, made from a seed in the same way. */
TEST(Channels, AtRandomAreThoseOfAnotherImplementation)
{
	const char *python = std::getenv("FM_PYTHON");
	if (!python)
		GTEST_SKIP() << "FM_PYTHON does not say where numpy is";
	const std::string script =
		"import numpy\n"
		"for count, available, seed in (12, 256, 0), (50, 2048, 4294967295), (7, 7, 123):\n"
		"    left, state = list(range(available)), numpy.random.RandomState(seed)\n"
		"    for i in range(count):\n"
		"        word = int(state.randint(0, 2**32, dtype=numpy.uint32))\n"
		"        j = i + word * (available - i) // 2**32\n"
		"        left[i], left[j] = left[j], left[i]\n"
		"    print(*left[:count])\n";
	const std::string command = std::string("'") + python + "' -c '" + script + "'";
	const std::unique_ptr<FILE, int (*)(FILE *)> pipe(popen(command.c_str(), "r"), pclose);
	ASSERT_TRUE(pipe);
	const struct {
		const char *text;
		int available;
	} cases[] = { { "random:12:0", 256 },
		      { "random:50:4294967295", 2048 },
		      { "random:7:123", 7 } };
	for (const auto &[text, available] : cases) {
		std::array<char, 4096> line = {};
		ASSERT_TRUE(std::fgets(line.data(), line.size(), pipe.get()));
		std::istringstream words(line.data());
		EXPECT_EQ(ChannelSelection::parse(text).indices(available),
		          std::vector<int>(std::istream_iterator<int>(words), {}))
			<< text;
	}
}

TEST(Pages, AreGridsFullOfWhatTheSelectionNames)
{
	const auto shown = [](const char *channels, unsigned page, int cells) {
		ViewSettings settings;
		settings.channels = channels;
		settings.page = page;
		return ShownChannels().next({ "c1", "", 30, 2 }, ChannelSelection::of(settings),
		                            cells);
	};
	EXPECT_EQ(shown("all", 0, 4), (std::vector{ 0, 1, 2, 3 }));
	EXPECT_EQ(shown("all", 2, 4), (std::vector{ 8, 9, 10, 11 }));
	EXPECT_EQ(shown("all", 7, 4), (std::vector{ 28, 29 })) << "the last is not full";
	EXPECT_EQ(shown("all", 8, 4), (std::vector{ 28, 29 })) << "beyond the last";
	EXPECT_EQ(shown("all", 4000000000, 4), (std::vector{ 28, 29 }));
	EXPECT_EQ(shown("all", 1, 10).front(), 10);
	EXPECT_EQ(shown("all", 3, 10).front(), 20) << "the last is full";
	EXPECT_EQ(shown("7,5,3", 1, 2), (std::vector{ 3 }));
	EXPECT_EQ(shown("7,5,3", 1, 12), (std::vector{ 7, 5, 3 })) << "there is but one";
	EXPECT_EQ(shown("all", 3, 1), (std::vector{ 3 }));
}

TEST(Pages, OfARankingGoDownIt)
{
	const Level level = { "c1", "", 5, 2 };
	ViewSettings settings;
	settings.channels = "top:4";
	settings.page = 1;
	const auto selection = ChannelSelection::of(settings);
	ShownChannels channels;
	const std::vector<float> measures = { 3, 1, 9, 5, 7 };
	channels.rank(level, selection, measures);
	EXPECT_EQ(channels.needed(level, selection, 2, false), ChannelSet({ 0, 3 }));
	EXPECT_EQ(channels.next(level, selection, 2), (std::vector{ 3, 0 }));
}

TEST(Ranking, IsByMeanAbsoluteValueOnTheFirstFrame)
{
	std::vector<float> values;
	ChannelRanking ranking;
	ranking.update(meanMagnitudes(level({ 1, 5, 3, 4, 2 }, values)), 3);
	EXPECT_EQ(ranking.shown(), (std::vector{ 1, 3, 2 }));
}

TEST(Ranking, KeepsTilesWhileTheActivationsAreNearlyTheSame)
{
	std::vector<float> values;
	ChannelRanking ranking;
	ranking.update(meanMagnitudes(level({ 3.0f, 2.0f, 1.9f }, values)), 2);
	for (int frame = 0; frame < 100; ++frame) {
		ranking.update(meanMagnitudes(level({ 2.0f, 3.0f, 2.2f }, values)), 2);
		EXPECT_EQ(ranking.shown(), (std::vector{ 0, 1 }));
	}
}

TEST(Ranking, GivesATileToAChannelThatBecomesClearlyStronger)
{
	std::vector<float> values;
	ChannelRanking ranking;
	ranking.update(meanMagnitudes(level({ 3, 2, 1 }, values)), 2);
	for (int frame = 0; frame < 100; ++frame)
		ranking.update(meanMagnitudes(level({ 3, 2, 9 }, values)), 2);
	EXPECT_EQ(ranking.shown(), (std::vector{ 0, 2 }));
}

TEST(Ranking, PicksAnotherNumberFromWhatItKnows)
{
	ChannelRanking ranking;
	ranking.update(std::vector<float>{ 1, 5, 3, 4, 2 }, 2);
	EXPECT_EQ(ranking.shown(2), (std::vector{ 1, 3 }));
	EXPECT_EQ(ranking.shown(4), (std::vector{ 1, 3, 2, 4 }));
	EXPECT_EQ(ranking.show(1), (std::vector{ 1 }));
	EXPECT_EQ(ranking.shown(), (std::vector{ 1 }));
}

/* As numpy.var has it: the mean of the squares of the deviations from the mean. */
float varianceOf(const std::vector<float> &values)
{
	double mean = 0.0;
	double square = 0.0;
	for (const float value : values)
		mean += value / static_cast<double>(values.size());
	for (const float value : values)
		square += (value - mean) * (value - mean) / static_cast<double>(values.size());
	return static_cast<float>(square);
}

TEST(Ranking, ByVarianceIsByThatOfTheFirstFrames)
{
	constexpr int channels = 20;
	for (const int frames : { 2, 3, 9 }) {
		std::mt19937 random(frames);
		std::vector<std::vector<float>> byChannel(channels);
		std::vector<float> last;
		ChannelRanking ranking(RankedBy::Variance);
		for (int frame = 0; frame < frames; ++frame) {
			std::vector<float> now;
			for (int channel = 0; channel < channels; ++channel) {
				const auto noise = static_cast<float>(random() % 1000);
				now.push_back(100.0f + noise * static_cast<float>(channel % 7));
				byChannel[channel].push_back(now.back());
			}
			/* Another number each time, as the same is kept steady. */
			ranking.update(now, frame + 1);
		}
		std::vector<int> expected(channels);
		std::iota(expected.begin(), expected.end(), 0);
		std::ranges::stable_sort(expected, [&](int a, int b) {
			return varianceOf(byChannel[a]) > varianceOf(byChannel[b]);
		});
		expected.resize(frames);
		EXPECT_EQ(ranking.shown(frames), expected) << frames << " frames";
	}
}

TEST(Ranking, ByVarianceForgetsWhatWasLongAgo)
{
	ChannelRanking ranking(RankedBy::Variance);
	for (int frame = 0; frame < 10; ++frame)
		ranking.update(std::vector<float>{ frame % 2 * 10.0f, frame % 2 * 3.0f }, 1);
	EXPECT_EQ(ranking.shown(1), (std::vector{ 0 }));
	for (int frame = 0; frame < 60; ++frame)
		ranking.update(std::vector<float>{ 5.0f, frame % 2 * 3.0f }, 1);
	EXPECT_EQ(ranking.shown(1), (std::vector{ 1 }));
}

class RankingOverTime : public testing::TestWithParam<RankedBy>
{
};

TEST_P(RankingOverTime, IsByActivationAfterOneFrameAndAnewAfterTwo)
{
	ChannelRanking ranking(GetParam());
	ranking.update(std::vector<float>{ 5, 4, 3, 1 }, 2);
	EXPECT_EQ(ranking.shown(2), (std::vector{ 0, 1 }));
	EXPECT_TRUE(ranking.isProvisional());
	ranking.update(std::vector<float>{ 5, 4, 4.5f, 6 }, 2);
	EXPECT_EQ(ranking.shown(2),
	          GetParam() == RankedBy::Variance ? (std::vector{ 3, 2 }) : (std::vector{ 3, 0 }));
	EXPECT_FALSE(ranking.isProvisional());
}

TEST_P(RankingOverTime, KeepsThePictureWhereNothingMoves)
{
	ChannelRanking ranking(GetParam());
	ranking.update(std::vector<float>{ 1, 4, 3, 5 }, 2);
	for (int frame = 0; frame < 5; ++frame) {
		ranking.update(GetParam() == RankedBy::Variance ? std::vector<float>{ 1, 4, 3, 5 }
		                                                : std::vector<float>(4),
		               2);
		EXPECT_EQ(ranking.shown(2), (std::vector{ 3, 1 }));
	}
}

INSTANTIATE_TEST_SUITE_P(All, RankingOverTime,
                         testing::Values(RankedBy::Variance, RankedBy::Change));

TEST(ChannelSet, IsFilledUpWithTheLowestOthers)
{
	using fm::ChannelSet;
	EXPECT_EQ(ChannelSet({ 1, 9 }).filledUp(4, 64), ChannelSet({ 0, 1, 2, 9 }));
	EXPECT_EQ(ChannelSet({ 0, 1, 2, 3 }).filledUp(4, 64), ChannelSet({ 0, 1, 2, 3 }));
	EXPECT_EQ(ChannelSet().filledUp(4, 64), ChannelSet());
	EXPECT_EQ(ChannelSet({ 5 }).filledUp(8, 8), ChannelSet::all());
	EXPECT_EQ(ChannelSet({ 2 }).filledUp(8, 6), ChannelSet::all()) << "there are but six";
	EXPECT_EQ(ChannelSet::all().filledUp(8, 64), ChannelSet::all());
}
