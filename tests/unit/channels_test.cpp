/* SPDX-License-Identifier: LGPL-2.1-or-later */
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
	EXPECT_EQ(ChannelSelection::parse("top:12").count(64), 12);
}

TEST(Channels, ThatAreNotUnderstoodAreRefusedWithTheAcceptedForms)
{
	for (const char *text :
	     { "", "abc", "-1", "1-", "3-1", "1,,2", "1,", "top:", "top:0", "top:-3", "all,1",
	       "0x3", "99999999999", "1 2", "1.5", "top:3,4", "0-65536" }) {
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
	for (const char *text : { "0-64", "64", "top:65" }) {
		try {
			ChannelSelection::parse(text).check("c1", 64);
			ADD_FAILURE() << "'" << text << "' was accepted";
		} catch (const Error &error) {
			EXPECT_NE(std::string(error.what()).find("(0-63)"), std::string::npos)
				<< error.what();
		}
	}
	for (const char *text : { "0-63", "top:64", "all" })
		EXPECT_NO_THROW(ChannelSelection::parse(text).check("c1", 64));
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
