/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cmath>
#include <limits>
#include <numeric>

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "view/componentbasis.h"
#include "view/derivation.h"
#include "view/mosaic.h"

using namespace fm;

namespace {

const Level level = { "p3", "", 16, 8 };

ViewSettings settingsOf(View view, Reduce reduce = Reduce::Mean)
{
	ViewSettings settings;
	settings.view = view;
	settings.reduce = reduce;
	return settings;
}

std::vector<int> everyChannel()
{
	std::vector<int> all(level.channels);
	std::iota(all.begin(), all.end(), 0);
	return all;
}

LevelMaps randomMaps(int height = 6, int width = 9)
{
	return { at::randn({ 1, level.channels, height, width })
		         .contiguous(at::MemoryFormat::ChannelsLast),
		 ChannelSet::all() };
}

std::shared_ptr<const ComponentBasis> randomBasis()
{
	return std::make_shared<const ComponentBasis>(
		ComponentBasis{ "basis.safetensors", "p3", at::randn({ level.channels, 1 }),
	                        at::randn({ level.channels, 3 }) });
}

ViewSettings alongBasis()
{
	ViewSettings settings = settingsOf(View::Pca);
	settings.pcaBasis = PcaBasis::File;
	settings.basis = randomBasis();
	return settings;
}

/* Sums over the \a channels, place by place, in float64: [1, 3, h, w]. */
at::Tensor sumsAlong(const ComponentBasis &basis, const at::Tensor &maps,
                     const std::vector<int> &channels)
{
	at::Tensor sums = at::zeros({ 1, 3, maps.size(2), maps.size(3) }, at::kDouble);
	const at::Tensor planar = maps.contiguous();
	const auto values = planar.accessor<float, 4>();
	for (int64_t y = 0; y < maps.size(2); ++y)
		for (int64_t x = 0; x < maps.size(3); ++x)
			for (int k = 0; k < 3; ++k)
				for (const int c : channels) {
					const double value = std::isfinite(values[0][c][y][x])
					                             ? values[0][c][y][x]
					                             : 0.0;
					sums[0][k][y][x] +=
						basis.axes[c][k].item<double>() *
						(value - basis.mean[c][0].item<double>());
				}
	return sums.to(at::kFloat);
}

/* As numpy.linalg.svd gives the components of the places' values, [3, h * w], signs aside. */
at::Tensor componentsBySvd(const at::Tensor &maps)
{
	const at::Tensor values = maps[0].flatten(1).to(at::kDouble);
	const at::Tensor centred = values - values.mean(1, true);
	const auto [u, s, v] = at::linalg_svd(centred, false);
	return u.slice(1, 0, 3).t().matmul(centred);
}

void expectSame(const at::Tensor &ours, const at::Tensor &expected, double tolerance = 1e-5)
{
	ASSERT_EQ(ours.sizes(), expected.sizes());
	EXPECT_LE((ours - expected).abs().max().item<double>(),
	          tolerance * expected.abs().max().item<double>());
}

} /* namespace */

TEST(Derivation, OfAnOverlayReducesTheChannelsThatAreShown)
{
	const LevelMaps maps = randomMaps();
	const std::vector<int> shown = { 3, 5, 11 };
	const at::Tensor some = maps.maps.index_select(1, at::tensor({ 3, 5, 11 }));
	const auto reduced = [&](Reduce reduce) {
		DerivedMaps derived =
			Derivation().next(maps, level, shown, settingsOf(View::Overlay, reduce));
		EXPECT_EQ(derived.level.channels, 1);
		return derived.maps.maps;
	};
	expectSame(reduced(Reduce::Mean), some.sum(1, true) / 3);
	expectSame(reduced(Reduce::Max), std::get<0>(some.max(1, true)));
	expectSame(reduced(Reduce::AbsMean), some.abs().sum(1, true) / 3);
	expectSame(reduced(Reduce::Energy), (some * some).sum(1, true).div(3).pow(0.5));
}

TEST(Derivation, OfAChangeIsTheDifferenceToTheFrameBefore)
{
	Derivation derivation;
	const ViewSettings settings = settingsOf(View::Change);
	const LevelMaps first = randomMaps();
	const LevelMaps second = randomMaps();
	const auto next = [&](const LevelMaps &maps) {
		return derivation.next(maps, level, everyChannel(), settings).maps.maps;
	};
	EXPECT_EQ(next(first).abs().max().item<float>(), 0.0f);
	expectSame(next(second), (second.maps - first.maps).abs());
	EXPECT_EQ(next(second).abs().max().item<float>(), 0.0f);
	/* Of another size there is nothing to compare with. */
	EXPECT_EQ(next(randomMaps(3, 4)).abs().max().item<float>(), 0.0f);
}

TEST(Derivation, OfADifferenceIsOfTheSameChannelsOfBoth)
{
	ViewSettings settings = settingsOf(View::Difference);
	const LevelMaps a = randomMaps();
	const LevelMaps b = randomMaps();
	const std::vector<int> shown = { 11, 3 };
	const at::Tensor index = at::tensor({ 3, 11 });
	const at::Tensor ofA = a.maps.index_select(1, index);
	const at::Tensor ofB = b.maps.index_select(1, index);
	DerivedMaps derived = Derivation().next(a, level, shown, settings, b);
	expectSame(derived.maps.maps, ofA - ofB);
	EXPECT_EQ(derived.maps.channels, ChannelSet({ 3, 11 }));
	EXPECT_EQ(Derivation::drawn(settings, shown), shown);

	settings.differenceLayout = DifferenceLayout::Beside;
	derived = Derivation().next(a, level, shown, settings, b);
	ASSERT_EQ(derived.maps.maps.size(1), 6);
	EXPECT_EQ(Derivation::drawn(settings, shown), (std::vector<int>{ 33, 34, 35, 9, 10, 11 }));
	const auto map = [&](int channel) {
		return derived.maps.maps.select(1, derived.maps.channels.position(channel));
	};
	expectSame(map(33), ofA.select(1, 1));
	expectSame(map(34), ofB.select(1, 1));
	expectSame(map(35), (ofA - ofB).select(1, 1));
	expectSame(map(9), ofA.select(1, 0));
	EXPECT_EQ(labelLines(derived.level, 34, true, false, {}),
	          std::vector<std::string>{ "p3 11 B dead" });
}

TEST(Derivation, OfATimelineScrollsAValueForEachChannel)
{
	Derivation derivation;
	const ViewSettings settings = settingsOf(View::Timeline, Reduce::Max);
	std::vector<at::Tensor> expected;
	at::Tensor strips;
	for (int frame = 0; frame < Derivation::timelineFrames + 5; ++frame) {
		const LevelMaps maps = randomMaps();
		expected.push_back(maps.maps.flatten(2).amax(2)[0]);
		strips = derivation.next(maps, level, everyChannel(), settings).maps.maps;
		if (frame == 1) {
			EXPECT_TRUE(strips.slice(3, 0, -2).isnan().all().item<bool>());
			expectSame(strips[0].select(2, -2).flatten(), expected[0]);
		}
	}
	ASSERT_EQ(strips.size(3), Derivation::timelineFrames);
	for (int back = 1; back <= Derivation::timelineFrames; ++back)
		ASSERT_TRUE(strips[0].select(2, -back).flatten().equal(
			expected[expected.size() - back]));
}

TEST(Derivation, KnowsTheChannelsThatStay)
{
	Derivation change, timeline;
	const LevelMaps first = randomMaps();
	const LevelMaps second = randomMaps();
	const std::vector<int> before = { 2, 5 };
	const std::vector<int> now = { 1, 5 };
	const ViewSettings ofChange = settingsOf(View::Change);
	const ViewSettings ofTimeline = settingsOf(View::Timeline);
	change.next(first, level, before, ofChange);
	const at::Tensor strips = timeline.next(first, level, before, ofTimeline).maps.maps;

	const at::Tensor changed = change.next(second, level, now, ofChange).maps.maps[0];
	EXPECT_EQ(changed[0].abs().max().item<float>(), 0.0f);
	expectSame(changed[1], (second.maps - first.maps).abs()[0][5]);
	const at::Tensor after = timeline.next(second, level, now, ofTimeline).maps.maps[0];
	EXPECT_TRUE(after[0][0][-2].isnan().item<bool>());
	EXPECT_FALSE(after[0][0][-1].isnan().item<bool>());
	expectSame(after[1][0][-2], strips[0][1][0][-1]);
}

TEST(PrincipalComponents, OfAFirstFrameAreThoseOfTheSingularValues)
{
	/* More places than channels, and fewer. */
	for (const auto &[height, width] : { std::pair{ 12, 15 }, std::pair{ 2, 5 } }) {
		const at::Tensor maps = randomMaps(height, width).maps;
		const at::Tensor ours = PrincipalComponents().next(maps, true)[0].flatten(1);
		const at::Tensor expected = componentsBySvd(maps).to(at::kFloat);
		for (int k = 0; k < 3; ++k) {
			const auto sign = (ours[k] * expected[k]).sum().sign();
			expectSame(ours[k] * sign, expected[k], 1e-4);
		}
	}
}

TEST(PrincipalComponents, OfAStillSceneStay)
{
	const at::Tensor maps = randomMaps(12, 15).maps;
	PrincipalComponents components;
	const at::Tensor first = components.next(maps, true);
	for (int frame = 0; frame < 50; ++frame)
		expectSame(components.next(maps, true), first, 1e-3);
}

TEST(PrincipalComponents, FollowAScenesChangeWithoutAJump)
{
	at::manual_seed(1);
	const at::Tensor before = randomMaps(12, 15).maps;
	/* Variances far apart, so that the components are well told from each other. */
	const at::Tensor scale = at::pow(0.5, at::arange(level.channels)).reshape({ 1, -1, 1, 1 });
	const at::Tensor after = randomMaps(12, 15).maps * scale;
	PrincipalComponents components;
	components.next(before, true);
	at::Tensor last = components.next(after, true);
	for (int frame = 0; frame < 300; ++frame) {
		const at::Tensor now = components.next(after, true);
		EXPECT_GT((now * last).sum().item<float>(), 0.0f);
		last = now;
	}
	const at::Tensor expected = componentsBySvd(after).to(at::kFloat);
	for (int k = 0; k < 3; ++k) {
		const at::Tensor ours = last[0].flatten(1)[k];
		expectSame(ours * (ours * expected[k]).sum().sign(), expected[k], 1e-2);
	}
}

TEST(PrincipalComponents, OfTheFirstFrameMayStay)
{
	const at::Tensor maps = randomMaps(12, 15).maps;
	PrincipalComponents components;
	const at::Tensor first = components.next(maps, false);
	for (int frame = 0; frame < 10; ++frame)
		components.next(randomMaps(12, 15).maps, false);
	EXPECT_TRUE(components.next(maps, false).equal(first));
}

TEST(GivenComponents, AreSumsOverTheChannelsAlongTheBasis)
{
	Derivation derivation;
	const ViewSettings settings = alongBasis();
	for (const auto &[height, width] : { std::pair{ 6, 9 }, std::pair{ 1, 2 } }) {
		const LevelMaps maps = randomMaps(height, width);
		const DerivedMaps derived = derivation.next(maps, level, everyChannel(), settings);
		EXPECT_EQ(derived.level.channels, 1);
		EXPECT_EQ(derived.level.name, "p3 pca");
		expectSame(derived.maps.maps,
		           sumsAlong(*settings.basis, maps.maps, everyChannel()));
	}
}

TEST(GivenComponents, TakeChannelsThatAreNotShownToBeAtTheirMean)
{
	Derivation derivation;
	const ViewSettings settings = alongBasis();
	const LevelMaps maps = randomMaps();
	for (const std::vector<int> &shown : { std::vector{ 11, 3, 5 }, std::vector{ 0 } })
		expectSame(derivation.next(maps, level, shown, settings).maps.maps,
		           sumsAlong(*settings.basis, maps.maps, shown));
}

TEST(GivenComponents, TakeWhatIsNotANumberForZero)
{
	const ViewSettings settings = alongBasis();
	const LevelMaps maps = randomMaps();
	maps.maps[0][3][2][4] = std::numeric_limits<float>::quiet_NaN();
	maps.maps[0][4][0][0] = std::numeric_limits<float>::infinity();
	expectSame(Derivation().next(maps, level, everyChannel(), settings).maps.maps,
	           sumsAlong(*settings.basis, maps.maps, everyChannel()));
}

TEST(GivenComponents, FollowTheSettingsAndNothingElse)
{
	Derivation derivation;
	const LevelMaps maps = randomMaps();
	ViewSettings settings = alongBasis();
	const auto next = [&] {
		return derivation.next(maps, level, everyChannel(), settings).maps.maps;
	};
	const at::Tensor first = next();
	derivation.next(randomMaps(), level, everyChannel(), settings);
	EXPECT_TRUE(next().equal(first));

	ViewSettings other = settings;
	other.basis = randomBasis();
	EXPECT_FALSE(Derivation::mayRepeat(settings, other));
	EXPECT_TRUE(Derivation::mayRepeat(settings, settings));
	settings = other;
	expectSame(next(), sumsAlong(*other.basis, maps.maps, everyChannel()));

	/* Those that follow the video begin with the frame, not with what was given. */
	settings.pcaBasis = PcaBasis::Running;
	EXPECT_TRUE(next().equal(PrincipalComponents().next(maps.maps, true)));
	settings.pcaBasis = PcaBasis::File;
	expectSame(next(), sumsAlong(*other.basis, maps.maps, everyChannel()));
}

TEST(GivenComponents, AreDrawnFromAndToTheSameValuesUnlessAUserSaysOtherwise)
{
	ViewSettings settings = alongBasis();
	const ViewSettings drawn = inEffect(settings);
	EXPECT_EQ(drawn.normalize, Normalize::Fixed);
	EXPECT_EQ(drawn.rangeMin, -2.0);
	EXPECT_EQ(drawn.rangeMax, 2.0);
	settings.normalize = Normalize::Robust;
	EXPECT_EQ(inEffect(settings), settings);
	settings.normalize = Normalize::Fixed;
	settings.rangeMin = -7.0;
	EXPECT_EQ(inEffect(settings), settings);
	settings.normalize = Normalize::Tile;
	settings.pcaBasis = PcaBasis::First;
	EXPECT_EQ(inEffect(settings), settings);
}
