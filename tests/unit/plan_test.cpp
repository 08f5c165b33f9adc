/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <ranges>
#include <string>

#include <gtest/gtest.h>

#include "backbone/plan.h"

using namespace fm;

namespace {

const Network &resNet50Fpn()
{
	static const Network network = Network::of(BackboneKind::ResNet50Fpn);
	return network;
}

std::size_t levelIndex(const Network &network, const std::string &name)
{
	return std::ranges::find(network.levels, name, &Level::name) - network.levels.begin();
}

Plan planFor(const Network &network, const std::string &level, const ChannelSet &channels,
             Size image = { 640, 360 })
{
	Demand demand(network.levels.size());
	demand[levelIndex(network, level)] = channels;
	return Plan::of(network, demand, image);
}

ChannelSet firstTwelve()
{
	return ChannelSet({ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 });
}

const Step *find(const Network &network, const Plan &plan, const std::string &name)
{
	const auto found = std::ranges::find_if(plan.steps, [&](const Step &step) {
		return network.nodes[step.node].name == name;
	});
	return found == plan.steps.end() ? nullptr : &*found;
}

int64_t wholeBody(const Network &network, const char *deepest, Size image)
{
	return planFor(network, deepest, ChannelSet::all(), image).multiplyAdds();
}

} /* namespace */

/* What torchvision's documentation gives as GFLOPS of its classifiers at 224x224, rounded to three
 * digits as there; their last layer is taken off. */
TEST(Network, HasAsManyMultiplyAddsAsTorchvisionSays)
{
	constexpr Size size = { 224, 224 };
	const auto giga = [&](BackboneKind kind) {
		return static_cast<double>(wholeBody(Network::of(kind), "c5", size)) / 1e9;
	};
	EXPECT_NEAR(giga(BackboneKind::ResNet18Fpn), 1.81, 0.006);
	EXPECT_NEAR(giga(BackboneKind::ResNet34Fpn), 3.66, 0.006);
	EXPECT_NEAR(giga(BackboneKind::ResNet50Fpn), 4.09, 0.006);
	EXPECT_NEAR(giga(BackboneKind::ResNet101Fpn), 7.80, 0.006);
	EXPECT_NEAR(giga(BackboneKind::ResNet152Fpn), 11.51, 0.006);
	EXPECT_NEAR(giga(BackboneKind::MobileNetV2), 0.30, 0.006);
}

/* torchvision's documentation has the classifiers'; their last layers are taken off. */
TEST(Network, HasAsManyParametersAsTorchvisionSays)
{
	const auto fpn = [](int64_t channels) {
		return (channels + 1) * 256 + (256 * 9 + 1) * 256;
	};
	EXPECT_EQ(Network::of(BackboneKind::ResNet50Fpn).parameters(),
	          25557032 - 2049000 + fpn(256) + fpn(512) + fpn(1024) + fpn(2048));
	EXPECT_EQ(Network::of(BackboneKind::ResNet18Fpn).parameters(),
	          11689512 - 513000 + fpn(64) + fpn(128) + fpn(256) + fpn(512));
	EXPECT_EQ(Network::of(BackboneKind::MobileNetV2).parameters(), 3504872 - 1281000);
}

TEST(Plan, OfTwelveChannelsOfP5RunsTheBodyAndTwoConvolutionsOfTheFpn)
{
	const Plan plan = planFor(resNet50Fpn(), "p5", firstTwelve());

	/* Stem, pooling, 16 bottlenecks of three convolutions with four downsamples, and two. */
	EXPECT_EQ(plan.steps.size(), 2u + 16 * 3 + 4 + 2);
	std::vector<std::string> fpn;
	for (const Step &step : plan.steps)
		if (resNet50Fpn().nodes[step.node].name.starts_with("fpn."))
			fpn.push_back(resNet50Fpn().nodes[step.node].name);
	EXPECT_EQ(fpn,
	          (std::vector<std::string>{ "fpn.inner_blocks.3.0", "fpn.layer_blocks.3.0" }));

	const Step &output = plan.steps.back();
	EXPECT_EQ(output.channels, firstTwelve());
	EXPECT_EQ(output.size, (Size{ 20, 12 }));
	EXPECT_EQ(output.multiplyAdds, 12 * 20 * 12 * 256 * 9);
	EXPECT_EQ(plan.multiplyAdds(), wholeBody(resNet50Fpn(), "c5", { 640, 360 }) +
	                                       int64_t{ 256 } * 20 * 12 * 2048 +
	                                       output.multiplyAdds);
}

TEST(Plan, OfC2RunsTheStemAndLayer1AloneAndTheLastConvolutionInPart)
{
	const Plan plan = planFor(resNet50Fpn(), "c2", ChannelSet({ 200, 3 }));
	EXPECT_EQ(plan.steps.size(), 2u + 3 * 3 + 1);
	for (const Step &step : plan.steps) {
		const std::string &name = resNet50Fpn().nodes[step.node].name;
		const bool isLast = name == "body.layer1.2.conv3";
		EXPECT_EQ(step.channels, isLast ? ChannelSet({ 3, 200 }) : ChannelSet::all())
			<< name;
	}
	EXPECT_EQ(plan.steps.back().multiplyAdds, 2 * 160 * 90 * 64);
}

TEST(Plan, OfP2NeedsEveryLateralButOneOutputConvolution)
{
	const Plan plan = planFor(resNet50Fpn(), "p2", firstTwelve());
	for (int i = 0; i < 4; ++i) {
		const std::string number = std::to_string(i);
		const Step *lateral =
			find(resNet50Fpn(), plan, "fpn.inner_blocks." + number + ".0");
		ASSERT_NE(lateral, nullptr);
		EXPECT_TRUE(lateral->channels.isAll());
		EXPECT_EQ(find(resNet50Fpn(), plan, "fpn.layer_blocks." + number + ".0") != nullptr,
		          i == 0);
	}
}

TEST(Plan, OfThePoolTakesOnlyItsChannelsOfP5)
{
	const Plan plan = planFor(resNet50Fpn(), "pool", ChannelSet({ 1, 2 }));
	const Step *p5 = find(resNet50Fpn(), plan, "fpn.layer_blocks.3.0");
	ASSERT_NE(p5, nullptr);
	EXPECT_EQ(p5->channels, ChannelSet({ 1, 2 }));
	EXPECT_EQ(plan.steps.back().size, (Size{ 10, 6 }));
}

TEST(Plan, ComputesWhatSeveralLevelsNeedOnce)
{
	Demand demand(resNet50Fpn().levels.size());
	demand[levelIndex(resNet50Fpn(), "c5")] = ChannelSet({ 7 });
	demand[levelIndex(resNet50Fpn(), "p5")] = ChannelSet({ 1 });
	const Plan plan = Plan::of(resNet50Fpn(), demand, { 640, 360 });

	/* c5 goes on to the lateral convolution, so all of it is needed. */
	EXPECT_TRUE(find(resNet50Fpn(), plan, "body.layer4.2.conv3")->channels.isAll());
	std::vector<int> nodes;
	for (const Step &step : plan.steps)
		nodes.push_back(step.node);
	EXPECT_TRUE(std::ranges::is_sorted(nodes));
	EXPECT_EQ(std::ranges::adjacent_find(nodes), nodes.end());
}

TEST(Plan, TakesAllWhereEveryChannelIsListed)
{
	std::vector<int> every(64);
	for (int i = 0; i < 64; ++i)
		every[i] = 63 - i;
	EXPECT_TRUE(planFor(resNet50Fpn(), "c1", ChannelSet(every)).steps.back().channels.isAll());
}

/* What an executor relies on: a result is there when it is taken, is released once, and is written
 * over only where nothing takes it afterwards and no level shows it. */
TEST(Plan, ReleasesEachResultWithItsLastUse)
{
	for (const BackboneKind kind :
	     { BackboneKind::ResNet18Fpn, BackboneKind::ResNet50Fpn, BackboneKind::MobileNetV2 }) {
		const Network network = Network::of(kind);
		const Demand demand(network.levels.size(), ChannelSet({ 0, 1 }));
		const Plan plan = Plan::of(network, demand, { 64, 64 });
		std::vector<bool> there(network.nodes.size());
		for (const Step &step : plan.steps) {
			const Node &node = network.nodes[step.node];
			for (const int source : { node.input, node.added })
				if (source >= 0) {
					EXPECT_TRUE(there[source]) << node.name;
				}
			there[step.node] = true;
			for (const int released : step.released) {
				EXPECT_TRUE(there[released]) << node.name;
				EXPECT_EQ(std::ranges::count(network.levelNodes, released), 0);
				there[released] = false;
			}
			if (step.overwritesAdded) {
				EXPECT_FALSE(there[node.added]) << node.name;
			}
		}
		/* In the end the levels are left, and nothing else. */
		for (int i = 0; i < static_cast<int>(there.size()); ++i)
			EXPECT_EQ(there[i], std::ranges::count(network.levelNodes, i) > 0)
				<< network.nodes[i].name;
	}
}

TEST(ChannelSet, IsAscendingAndDistinct)
{
	EXPECT_EQ(ChannelSet({ 5, 1, 5, 3 }).list(), (std::vector{ 1, 3, 5 }));
	EXPECT_EQ(ChannelSet({ 5, 1, 5, 3 }).count(64), 3);
	EXPECT_EQ(ChannelSet({ 5, 1, 3 }).position(5), 2);
	EXPECT_EQ(ChannelSet::all().position(5), 5);
	EXPECT_TRUE(ChannelSet().empty());
	EXPECT_FALSE(ChannelSet::all().empty());
}

TEST(ChannelSet, JoinsAndContains)
{
	ChannelSet set({ 1, 3 });
	set |= ChannelSet({ 2, 3 });
	EXPECT_EQ(set, ChannelSet({ 1, 2, 3 }));
	EXPECT_TRUE(set.contains(ChannelSet({ 1, 3 })));
	EXPECT_FALSE(set.contains(ChannelSet({ 4 })));
	EXPECT_FALSE(set.contains(ChannelSet::all()));
	EXPECT_TRUE(ChannelSet::all().contains(set));
	set |= ChannelSet::all();
	EXPECT_TRUE(set.isAll());
}
