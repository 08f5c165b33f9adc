/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>
#include <bit>
#include <ranges>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "backbone/plan.h"
#include "error.h"

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

/* The node whose maps the step's result is written over, or an empty name. */
std::string overwrittenBy(const Network &network, const Plan &plan, const std::string &name)
{
	const Step *step = find(network, plan, name);
	return step->overwrites == Node::nothing ? "" : network.nodes[step->overwrites].name;
}

int64_t wholeBody(const Network &network, const char *deepest, Size image)
{
	return planFor(network, deepest, ChannelSet::all(), image).multiplyAdds();
}

/* As torchvision's retinanet_resnet50_fpn, but for what \a shape says otherwise. */
Architecture retinaNet(FpnShape shape)
{
	shape.finest = 3;
	shape.extra = FpnShape::Extra::P6P7;
	return { BackboneKind::ResNet50Fpn, false, shape };
}

/* "name/stride layer" of each; the default is marked. */
std::string levelsOf(const Architecture &architecture)
{
	const Network network = Network::of(architecture);
	std::string text;
	for (std::size_t i = 0; i < network.levels.size(); ++i) {
		const Level &level = network.levels[i];
		text += std::string(text.empty() ? "" : ", ") + level.name + "/" +
		        std::to_string(level.stride) + " " + level.layer;
		if (static_cast<int>(i) == network.defaultLevel)
			text += "*";
	}
	return text;
}

} /* namespace */

/* What torchvision's documentation gives as GFLOPS of its classifiers at 224x224, with three digits
 * behind the point as there; their last layers are taken off. */
TEST(Network, HasAsManyMultiplyAddsAsTorchvisionSays)
{
	struct Documented {
		BackboneKind kind;
		double giga;
		int64_t head;
	};
	constexpr int64_t vggHead = 512 * 7 * 7 * 4096 + 4096 * 4096 + 4096 * 1000;
	for (const auto &[kind, giga, head] : {
		     Documented{ BackboneKind::ResNet18, 1.814, 512 * 1000 },
		     Documented{ BackboneKind::ResNet34, 3.664, 512 * 1000 },
		     Documented{ BackboneKind::ResNet50, 4.089, 2048 * 1000 },
		     Documented{ BackboneKind::ResNet101, 7.801, 2048 * 1000 },
		     Documented{ BackboneKind::ResNet152, 11.514, 2048 * 1000 },
		     Documented{ BackboneKind::ResNeXt50, 4.230, 2048 * 1000 },
		     Documented{ BackboneKind::WideResNet50, 11.398, 2048 * 1000 },
		     Documented{ BackboneKind::MobileNetV2, 0.301, 1280 * 1000 },
		     Documented{ BackboneKind::MobileNetV3Large, 0.217, 960 * 1280 + 1280 * 1000 },
		     Documented{ BackboneKind::Vgg16, 15.470, vggHead },
		     Documented{ BackboneKind::Vgg16Bn, 15.470, vggHead },
	     }) {
		const int64_t body = wholeBody(Network::of(kind), "c5", { 224, 224 });
		EXPECT_NEAR(static_cast<double>(body + head) / 1e9, giga, 0.0006)
			<< backboneName(kind);
	}
}

/* torchvision's documentation has the classifiers'; their last layers are taken off. */
TEST(Network, HasAsManyParametersAsTorchvisionSays)
{
	constexpr int64_t vggHead =
		(512 * 7 * 7 + 1) * 4096 + (4096 + 1) * 4096 + (4096 + 1) * 1000;
	const auto parameters = [](BackboneKind kind) { return Network::of(kind).parameters(); };
	EXPECT_EQ(parameters(BackboneKind::ResNet18), 11689512 - 513000);
	EXPECT_EQ(parameters(BackboneKind::ResNet34), 21797672 - 513000);
	EXPECT_EQ(parameters(BackboneKind::ResNet50), 25557032 - 2049000);
	EXPECT_EQ(parameters(BackboneKind::ResNet101), 44549160 - 2049000);
	EXPECT_EQ(parameters(BackboneKind::ResNet152), 60192808 - 2049000);
	EXPECT_EQ(parameters(BackboneKind::ResNeXt50), 25028904 - 2049000);
	EXPECT_EQ(parameters(BackboneKind::WideResNet50), 68883240 - 2049000);
	EXPECT_EQ(parameters(BackboneKind::MobileNetV2), 3504872 - 1281000);
	EXPECT_EQ(parameters(BackboneKind::MobileNetV3Large),
	          5483032 - (960 + 1) * 1280 - (1280 + 1) * 1000);
	EXPECT_EQ(parameters(BackboneKind::Vgg16), 138357544 - vggHead);
	EXPECT_EQ(parameters(BackboneKind::Vgg16Bn), 138365992 - vggHead);
}

TEST(Network, WithAnFpnHasItsParametersToo)
{
	const auto fpn = [](std::initializer_list<int64_t> inputs) {
		int64_t sum = 0;
		for (const int64_t channels : inputs)
			sum += (channels + 1) * 256 + (256 * 9 + 1) * 256;
		return sum;
	};
	const auto more = [](const Architecture &architecture) {
		return Network::of(architecture).parameters() -
		       Network::of(infoOf(architecture.kind).body).parameters();
	};
	for (const BackboneKind kind :
	     { BackboneKind::ResNet50Fpn, BackboneKind::ResNet101Fpn, BackboneKind::ResNet152Fpn,
	       BackboneKind::ResNeXt50Fpn, BackboneKind::WideResNet50Fpn })
		EXPECT_EQ(more(kind), fpn({ 256, 512, 1024, 2048 })) << backboneName(kind);
	EXPECT_EQ(more(BackboneKind::ResNet18Fpn), fpn({ 64, 128, 256, 512 }));
	EXPECT_EQ(more(BackboneKind::ResNet34Fpn), fpn({ 64, 128, 256, 512 }));
	EXPECT_EQ(more(BackboneKind::MobileNetV2Fpn), fpn({ 160, 1280 }));
	EXPECT_EQ(more(BackboneKind::MobileNetV3LargeFpn), fpn({ 160, 960 }));

	constexpr int64_t p7 = (256 * 9 + 1) * 256;
	EXPECT_EQ(more(retinaNet({})), fpn({ 512, 1024, 2048 }) + p7 + p7);
	EXPECT_EQ(more(retinaNet({ .p6FromBody = true })),
	          fpn({ 512, 1024, 2048 }) + (2048 * 9 + 1) * 256 + p7);
	/* Two numbers for each channel of a norm, for one of a bias. */
	EXPECT_EQ(more({ BackboneKind::ResNet50Fpn, false, { .norms = true } }),
	          fpn({ 256, 512, 1024, 2048 }) + 8 * 256);
}

TEST(Network, NamesItsLevelsAndSaysWhereTheyAre)
{
	EXPECT_EQ(levelsOf(BackboneKind::ResNet18),
	          "c1/2 body.relu, c2/4 body.layer1, c3/8 body.layer2, c4/16 body.layer3, "
	          "c5/32 body.layer4*");
	EXPECT_EQ(levelsOf(retinaNet({})),
	          "c1/2 body.relu, c2/4 body.layer1, c3/8 body.layer2, c4/16 body.layer3, "
	          "c5/32 body.layer4, p3/8 fpn.layer_blocks.0*, p4/16 fpn.layer_blocks.1, "
	          "p5/32 fpn.layer_blocks.2, p6/64 fpn.extra_blocks.p6, "
	          "p7/128 fpn.extra_blocks.p7");
	EXPECT_EQ(levelsOf(BackboneKind::MobileNetV2),
	          "c1/2 features.1, c2/4 features.3, c3/8 features.6, c4/16 features.13, "
	          "c5/32 features.18*");
	EXPECT_EQ(levelsOf(BackboneKind::MobileNetV3Large),
	          "c1/2 features.1, c2/4 features.3, c3/8 features.6, c4/16 features.12, "
	          "c5/32 features.16*");
	EXPECT_EQ(levelsOf(BackboneKind::MobileNetV3LargeFpn),
	          "c1/2 body.1, c2/4 body.3, c3/8 body.6, c4/16 body.12, c5/32 body.16, "
	          "p4/32 fpn.layer_blocks.0*, p5/32 fpn.layer_blocks.1, "
	          "pool/64 fpn.extra_blocks");
	EXPECT_EQ(levelsOf(BackboneKind::Vgg16),
	          "c1/1 features.3, c2/2 features.8, c3/4 features.15, c4/8 features.22, "
	          "c5/16 features.29*");
	EXPECT_EQ(levelsOf(BackboneKind::Vgg16Bn),
	          "c1/1 features.5, c2/2 features.12, c3/4 features.22, c4/8 features.32, "
	          "c5/16 features.42*");
}

/* The stride of each level, as its maps have it. */
TEST(Network, HasMapsOfTheSizeThatTheStridesSay)
{
	for (const BackboneInfo &info : backbones) {
		const Network network = Network::of(info.kind);
		const Demand demand(network.levels.size(), ChannelSet({ 0 }));
		const Plan plan = Plan::of(network, demand, { 640, 384 });
		for (std::size_t i = 0; i < network.levels.size(); ++i) {
			const int stride = network.levels[i].stride;
			EXPECT_EQ(std::ranges::find(plan.steps, network.levelNodes[i],
			                            &fm::Step::node)
			                  ->size,
			          (Size{ 640 / stride, 384 / stride }))
				<< info.name << " " << network.levels[i].name;
			EXPECT_EQ(network.nodes[network.levelNodes[i]].shape.out,
			          network.levels[i].channels);
		}
	}
}

TEST(Network, HasTheEpsilonThatTorchvisionBuildsItWith)
{
	EXPECT_EQ(Network::of(BackboneKind::MobileNetV3Large).normEpsilon, 1e-3);
	EXPECT_EQ(Network::of(BackboneKind::MobileNetV3LargeFpn).normEpsilon, 1e-5);
	EXPECT_EQ(Network::of(BackboneKind::ResNet50).normEpsilon, 1e-5);
}

/* A node takes from others before it, from each once; groups are never computed in part. */
TEST(Network, CanBePlanned)
{
	for (const BackboneInfo &info : backbones) {
		const Network network = Network::of(info.kind);
		for (int i = 0; i < static_cast<int>(network.nodes.size()); ++i) {
			const std::vector<int> sources = network.nodes[i].sources();
			EXPECT_TRUE(std::ranges::all_of(sources, [&](int s) { return s < i; }));
			EXPECT_EQ((std::set<int>{ sources.begin(), sources.end() }).size(),
			          sources.size());
		}
		for (const Level &level : network.levels)
			for (const Step &step :
			     planFor(network, level.name, ChannelSet({ 1 })).steps)
				EXPECT_TRUE(network.nodes[step.node].shape.groups == 1 ||
				            step.channels.isAll())
					<< info.name << " " << level.name;
	}
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

/* The body and the top-down path are the cost: each further view adds a part of one convolution. */
TEST(Plan, OfFourViewsCostsLittleMoreThanTheOneThatCostsMost)
{
	for (const BackboneInfo &info : backbones) {
		const Network network = Network::of(info.kind);
		const unsigned levels = network.levels.size();
		const auto cost = [&](unsigned chosen) {
			Demand demand(levels);
			for (unsigned i = 0; i < levels; ++i)
				if (chosen >> i & 1)
					demand[i] = firstTwelve();
			return static_cast<double>(
				Plan::of(network, demand, { 640, 360 }).multiplyAdds());
		};
		std::vector<double> alone;
		for (unsigned i = 0; i < levels; ++i)
			alone.push_back(cost(1U << i));
		for (unsigned chosen = 0; chosen < 1U << levels; ++chosen) {
			if (std::popcount(chosen) != 4)
				continue;
			double most = 0;
			for (unsigned i = 0; i < levels; ++i)
				if (chosen >> i & 1)
					most = std::max(most, alone[i]);
			EXPECT_LE(cost(chosen), 1.15 * most) << info.name << " " << chosen;
		}
	}
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
	std::vector<Architecture> architectures = { retinaNet({}),
		                                    retinaNet({ .p6FromBody = true }) };
	for (const BackboneInfo &info : backbones)
		architectures.emplace_back(info.kind);
	for (const Architecture &architecture : architectures) {
		const Network network = Network::of(architecture);
		const Demand demand(network.levels.size(), ChannelSet({ 0, 1 }));
		const Plan plan = Plan::of(network, demand, { 64, 64 });
		std::vector<bool> there(network.nodes.size());
		for (const Step &step : plan.steps) {
			const Node &node = network.nodes[step.node];
			for (const int source : node.sources())
				EXPECT_TRUE(there[source]) << node.name;
			there[step.node] = true;
			for (const int released : step.released) {
				EXPECT_TRUE(there[released]) << node.name;
				EXPECT_EQ(std::ranges::count(network.levelNodes, released), 0);
				there[released] = false;
			}
			if (step.overwrites != Node::nothing) {
				EXPECT_FALSE(there[step.overwrites]) << node.name;
			}
		}
		/* In the end the levels are left, and nothing else. */
		for (int i = 0; i < static_cast<int>(there.size()); ++i)
			EXPECT_EQ(there[i], std::ranges::count(network.levelNodes, i) > 0)
				<< network.nodes[i].name;
	}
}

TEST(Plan, WritesSumsScalesAndActivationsOverWhatNothingNeeds)
{
	const Network mobile = Network::of(BackboneKind::MobileNetV3Large);
	const Plan c5 = planFor(mobile, "c5", firstTwelve());
	/* The maps that are scaled are taken twice: by their mean before. */
	EXPECT_EQ(overwrittenBy(mobile, c5, "features.5.block.2"), "features.5.block.1.0");
	EXPECT_EQ(overwrittenBy(mobile, c5, "features.5.block.3.0"), "features.4.block.3.0");
	EXPECT_EQ(overwrittenBy(mobile, c5, "features.4.block.3.0"), "");

	const Network retina = Network::of(retinaNet({}));
	const Plan p7 = planFor(retina, "p7", firstTwelve());
	EXPECT_EQ(overwrittenBy(retina, p7, "fpn.extra_blocks.relu"), "fpn.extra_blocks.p6");
	const Demand all(retina.levels.size(), ChannelSet::all());
	const Plan withP6 = Plan::of(retina, all, { 640, 360 });
	EXPECT_EQ(overwrittenBy(retina, withP6, "fpn.extra_blocks.relu"), "");
}

TEST(Plan, OfAnImageThatIsTooSmallIsRefused)
{
	const Network vgg = Network::of(BackboneKind::Vgg16);
	EXPECT_EQ(planFor(vgg, "c5", firstTwelve(), { 31, 16 }).steps.back().size, (Size{ 1, 1 }));
	EXPECT_THROW(planFor(vgg, "c5", firstTwelve(), { 31, 15 }), Error);
	EXPECT_EQ(planFor(vgg, "c1", firstTwelve(), { 1, 1 }).steps.back().size, (Size{ 1, 1 }));
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
