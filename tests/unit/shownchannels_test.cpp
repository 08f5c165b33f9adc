/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "view/channels.h"

using namespace fm;

namespace {

/* Of a view, from frame to frame. */
class Chooser
{
public:
	ChannelSet neededChannels(const Level &level, const ViewSettings &settings, int cells,
	                          bool mayRank = true) const
	{
		return channels_.needed(level, ChannelSelection::of(settings), cells, mayRank);
	}

	void update(const Level &level, const FeatureMaps &maps, const ChannelSet &held,
	            const ViewSettings &settings, int cells, const FeatureMaps *before = nullptr)
	{
		const auto selection = ChannelSelection::of(settings);
		channels_.look(level, selection, maps, held, before);
		channels_.next(level, selection, cells);
	}

private:
	ShownChannels channels_;
};

/* Frames of four channels of one value each, through a chooser that is given what it asks for. */
class FourChannels
{
public:
	explicit FourChannels(const char *channels) { settings_.channels = channels; }

	/* The channels then shown. */
	std::vector<int> play(std::vector<float> values)
	{
		const ChannelSet demand = chooser_.neededChannels(level_, settings_, 12);
		whole_.push_back(demand.isAll());
		std::vector<float> held = values;
		if (!demand.isAll()) {
			held.clear();
			for (const int channel : demand.list())
				held.push_back(values[channel]);
		}
		const FeatureMaps maps = mapsOf(held);
		const FeatureMaps before = mapsOf(before_);
		chooser_.update(level_, maps, demand, settings_, 12,
		                before_.size() == 4 ? &before : nullptr);
		before_ = held;

		return chooser_.neededChannels(level_, settings_, 12, false).list();
	}

	/* By frame, whether all channels were computed. */
	const std::vector<bool> &whole() const { return whole_; }

private:
	static FeatureMaps mapsOf(const std::vector<float> &values)
	{
		return { values.data(), static_cast<int>(values.size()), 1, 1, 1, 1, 1 };
	}

	const Level level_ = { "c1", "", 4, 2 };
	ViewSettings settings_;
	Chooser chooser_;
	std::vector<float> before_;
	std::vector<bool> whole_;
};

} /* namespace */

TEST(ShownChannels, OfARankedSelectionNeedsAllChannelsNowAndThen)
{
	const Level level = { "c1", "", 3, 2 };
	ViewSettings settings;
	settings.channels = "top:1";
	const std::vector<float> values = { 1, 3, 2 };
	const FeatureMaps all = { values.data(), 3, 1, 1, 1, 1, 1 };
	const FeatureMaps strongest = { values.data() + 1, 1, 1, 1, 1, 1, 1 };

	Chooser chooser;
	int whole = 0;
	for (int frame = 0; frame < 100; ++frame) {
		const ChannelSet demand = chooser.neededChannels(level, settings, 12);
		whole += demand.isAll() ? 1 : 0;
		if (!demand.isAll()) {
			EXPECT_EQ(demand, ChannelSet({ 1 }));
		}
		chooser.update(level, demand.isAll() ? all : strongest, demand, settings, 12);
	}
	EXPECT_EQ(whole, 10);
}

TEST(ShownChannels, OfAChangeComparesFramesThatFollowEachOther)
{
	FourChannels channels("change:1");
	/* Channel 0 is strongest, 1 drifts far and slowly, 2 goes up and down from frame to frame.
	 */
	for (int frame = 0; frame < 30; ++frame) {
		const auto time = static_cast<float>(frame);
		const auto shown = channels.play({ 1000, time, frame % 2 * 3.0f, 0 });
		EXPECT_EQ(shown, (std::vector{ frame == 0 ? 0 : 2 })) << frame;
	}
	for (int frame = 0; frame < 30; ++frame)
		EXPECT_EQ(channels.whole()[frame], frame % 10 < 2) << frame;
}

TEST(ShownChannels, OfAVarianceComparesFramesThatAreFarApart)
{
	FourChannels channels("var:1");
	std::vector<int> shown;
	for (int frame = 0; frame < 100; ++frame) {
		const auto time = static_cast<float>(frame);
		shown = channels.play({ 1000, time, frame % 2 * 3.0f, 0 });
	}
	EXPECT_EQ(shown, (std::vector{ 1 }));
	EXPECT_EQ(std::ranges::count(channels.whole(), true), 11);
	EXPECT_TRUE(channels.whole()[1]);
	EXPECT_FALSE(channels.whole()[2]);
}

TEST(ShownChannels, MayBeRankedByAnythingFromOneFrameToTheNext)
{
	const Level level = { "c1", "", 3, 2 };
	const std::vector<float> values = { 1, 3, 2 };
	const FeatureMaps all = { values.data(), 3, 1, 1, 1, 1, 1 };
	Chooser chooser;
	ViewSettings settings;
	for (const char *channels : { "top:2", "var:2", "change:2", "top:2" }) {
		settings.channels = channels;
		EXPECT_TRUE(chooser.neededChannels(level, settings, 12).isAll()) << channels;
		chooser.update(level, all, ChannelSet::all(), settings, 12);
		EXPECT_EQ(chooser.neededChannels(level, settings, 12, false), ChannelSet({ 1, 2 }));
	}
	settings.channels = "top:1";
	EXPECT_EQ(chooser.neededChannels(level, settings, 12), ChannelSet({ 1 }))
		<< "known from the ranking there is";
}

TEST(ShownChannels, NeedsNoChannelsBeyondItsCells)
{
	ViewSettings settings;
	settings.channels = "5,3,9,7";
	EXPECT_EQ(Chooser().neededChannels({ "c1", "", 64, 2 }, settings, 3),
	          ChannelSet({ 3, 5, 9 }));
	settings.channels = "all";
	EXPECT_EQ(Chooser().neededChannels({ "c1", "", 64, 2 }, settings, 64), ChannelSet::all());
	EXPECT_EQ(Chooser().neededChannels({ "c1", "", 64, 2 }, settings, 2), ChannelSet({ 0, 1 }));
}
