/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole way of frames through a model on a device, against the same on the CPU. */
#include <algorithm>
#include <cmath>
#include <deque>
#include <filesystem>
#include <fstream>
#include <utility>

#include <ATen/ops/full.h>
#include <ATen/ops/rand.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <torch/csrc/jit/api/module.h>
#include <unistd.h>

#include "../layouts.h"
#include "backbone/weights.h"
#include "deviceactivity.h"
#include "frame/packed.h"
#include "ondevice.h"
#include "visualizer.h"

using namespace fm;

namespace {

/* On what stands in for a device the same comes out in float32; a real one rounds otherwise. */
bool isRealDevice()
{
	return selectDevice("cuda").tensors().is_cuda();
}

ModelSettings modelOn(const char *device, Precision precision = Precision::Float32)
{
	ModelSettings settings;
	settings.backbone = BackboneKind::ResNet18Fpn;
	settings.device = device;
	settings.precision = precision;
	return settings;
}

ViewSettings show(const char *level, const char *channels = "0-11")
{
	ViewSettings settings;
	settings.level = level;
	settings.channels = channels;
	settings.colormap = Colormap::Gray; /* Neighbours in value are neighbours in brightness. */
	return settings;
}

/* One model, and a view of it from frame to frame. */
class Player
{
public:
	Player(const ModelSettings &settings, PixelFormat output)
		: visualizer_(std::make_unique<Visualizer>(settings)), output_(output)
	{
	}

	/* Goes on with another model, made beside the one before. */
	void replace(const ModelSettings &settings)
	{
		auto next = std::make_unique<Visualizer>(settings);
		visualizer_ = std::move(next);
	}
	Visualizer &visualizer() { return *visualizer_; }

	/* A frame on its way, and what it draws. */
	struct InFlight {
		OwnFrame picture;
		MosaicLayout layout;
		ViewSettings settings;
		std::optional<FramePass> pass;
	};

	InFlight start(const Frame &frame, const ViewSettings &settings, bool repeat = false,
	               std::span<const Region> regions = {})
	{
		const auto layout = layoutOfWidth(*visualizer_, 240, frame.size, settings);
		InFlight flight = { OwnFrame(output_, layout.size), layout, settings, {} };
		flight.pass = visualizer_->begin(frame, regions);
		if (measures)
			flight.pass->measure();
		visualizer_->convert(*flight.pass);
		const ViewPass views[] = { { state_, flight.settings, flight.layout,
			                     flight.picture.frame } };
		visualizer_->run(*flight.pass, views, repeat);
		return flight;
	}

	std::vector<uint8_t> finish(InFlight &&flight)
	{
		visualizer_->draw(*flight.pass, 0);
		statistics = flight.pass->statistics();
		return std::move(flight.picture.bytes);
	}

	std::vector<uint8_t> play(const Frame &frame, const ViewSettings &settings,
	                          bool repeat = false, std::span<const Region> regions = {})
	{
		return finish(start(frame, settings, repeat, regions));
	}

	bool measures = false;
	std::vector<LevelStatistics> statistics; /* Of the frame that was finished last. */

private:
	std::unique_ptr<Visualizer> visualizer_;
	PixelFormat output_;
	ViewState state_;
};

void expectSame(const std::vector<uint8_t> &result, const std::vector<uint8_t> &expected,
                std::optional<int> halfTolerance = {})
{
	ASSERT_EQ(result.size(), expected.size());
	if (!isRealDevice() && !halfTolerance) {
		EXPECT_EQ(result, expected);
		return;
	}
	const int tolerance = halfTolerance.value_or(1);
	std::size_t differing = 0;
	for (std::size_t i = 0; i < result.size(); ++i)
		differing += std::abs(result[i] - expected[i]) > tolerance ? 1 : 0;
	EXPECT_LT(differing, result.size() / 200) << "of " << result.size();
}

void expectNear(const std::vector<LevelStatistics> &result,
                const std::vector<LevelStatistics> &expected, double tolerance)
{
	ASSERT_EQ(result.size(), expected.size());
	for (std::size_t i = 0; i < result.size(); ++i) {
		const LevelStatistics &a = result[i];
		const LevelStatistics &b = expected[i];
		EXPECT_EQ(a.level, b.level);
		EXPECT_EQ(a.channels, b.channels);
		EXPECT_EQ(a.notNumbers, b.notNumbers);
		EXPECT_EQ(a.dead, b.dead);
		const double magnitude = std::max(std::abs(b.min), std::abs(b.max));
		EXPECT_NEAR(a.min, b.min, tolerance * magnitude);
		EXPECT_NEAR(a.max, b.max, tolerance * magnitude);
		EXPECT_NEAR(a.mean, b.mean, tolerance * magnitude);
		EXPECT_NEAR(a.deviation, b.deviation, tolerance * magnitude);
		EXPECT_NEAR(a.zeros, b.zeros, 0.01);
	}
}

constexpr Size frameSize = { 128, 96 };

/* A frame that has shapes in it, another for each seed. */
OwnFrame scene(PixelFormat format, unsigned seed, Size size = frameSize)
{
	OwnFrame own(format, size);
	for (std::size_t i = 0; i < own.bytes.size(); ++i) {
		const auto x = i % own.stride;
		const auto y = i / own.stride;
		own.bytes[i] =
			static_cast<uint8_t>((x / (5 + seed) + y / 7) % 3 * 80 + seed * x / 9);
	}
	return own;
}

} /* namespace */

/* Skips without a device. */
class OnVisualizer : public OnDevice
{
};

class Formats : public OnVisualizer,
		public testing::WithParamInterface<std::pair<PixelFormat, PixelFormat>>
{
};

TEST_P(Formats, GiveThePictureOfTheCpu)
{
	const auto [in, out] = GetParam();
	Player onDevice(modelOn("cuda"), out);
	Player onHost(modelOn("cpu"), out);
	const OwnFrame own = scene(in, 1);
	expectSame(onDevice.play(own.frame, show("p3")), onHost.play(own.frame, show("p3")));
}

INSTANTIATE_TEST_SUITE_P(InAndOut, Formats, testing::ValuesIn([] {
				 std::vector<std::pair<PixelFormat, PixelFormat>> pairs;
				 for (const PixelFormat in : allFormats)
					 pairs.emplace_back(in, PixelFormat::Rgb);
				 for (const PixelFormat out : drawnFormats)
					 pairs.emplace_back(PixelFormat::Nv12, out);
				 return pairs;
			 }()));

class Preprocessing : public OnVisualizer, public testing::WithParamInterface<Preprocess>
{
};

TEST_P(Preprocessing, GivesThePictureOfTheCpu)
{
	ModelSettings device = modelOn("cuda");
	ModelSettings host = modelOn("cpu");
	device.preprocess = host.preprocess = { GetParam(), 120, 200 };
	Player onDevice(device, PixelFormat::Rgb);
	Player onHost(host, PixelFormat::Rgb);
	const OwnFrame own = scene(PixelFormat::Nv12, 1, { 150, 90 });
	expectSame(onDevice.play(own.frame, show("p2")), onHost.play(own.frame, show("p2")));
}

INSTANTIATE_TEST_SUITE_P(All, Preprocessing,
                         testing::Values(Preprocess::None, Preprocess::ImageNet,
                                         Preprocess::Detection));

class Levels : public OnVisualizer, public testing::WithParamInterface<const char *>
{
};

TEST_P(Levels, GiveThePictureOfTheCpu)
{
	Player onDevice(modelOn("cuda"), PixelFormat::Rgb);
	Player onHost(modelOn("cpu"), PixelFormat::Rgb);
	const OwnFrame own = scene(PixelFormat::Rgb, 2);
	for (const char *channels : { "0-11", "5", "all" })
		expectSame(onDevice.play(own.frame, show(GetParam(), channels)),
		           onHost.play(own.frame, show(GetParam(), channels)));
}

INSTANTIATE_TEST_SUITE_P(All, Levels,
                         testing::Values("c1", "c2", "c3", "c4", "c5", "p2", "p3", "p4", "p5",
                                         "pool"));

class HalfPrecision : public OnVisualizer, public testing::WithParamInterface<Precision>
{
};

/* Against float32 on the CPU: a half has 11 significant bits, a bfloat16 8. */
TEST_P(HalfPrecision, IsNearThePictureOfTheCpuInFloat32)
{
	if (GetParam() == Precision::Tf32 && !isRealDevice())
		GTEST_SKIP() << "of CUDA devices alone: needs one";
	Player onDevice(modelOn("cuda", GetParam()), PixelFormat::Rgb);
	Player onHost(modelOn("cpu"), PixelFormat::Rgb);
	const OwnFrame own = scene(PixelFormat::Rgb, 2);
	ViewSettings settings = show("p2");
	settings.labels = false; /* Their ranges have three digits. */
	const int tolerance = GetParam() == Precision::BFloat16 ? 16 : 4;
	expectSame(onDevice.play(own.frame, settings), onHost.play(own.frame, settings), tolerance);
}

INSTANTIATE_TEST_SUITE_P(All, HalfPrecision,
                         testing::Values(Precision::Float16, Precision::BFloat16, Precision::Tf32));

/* Channels that are computed only for the sake of tensor cores are not shown, and do not count. */
TEST_F(OnVisualizer, MeasuresInHalfPrecisionTheChannelsThatAreShown)
{
	Player onDevice(modelOn("cuda", Precision::Float16), PixelFormat::Rgb);
	Player onHost(modelOn("cpu"), PixelFormat::Rgb);
	onDevice.measures = onHost.measures = true;
	const OwnFrame own = scene(PixelFormat::Rgb, 2);
	for (const char *channels : { "9", "3,5-8,5", "0-11" }) {
		onDevice.play(own.frame, show("p3", channels));
		onHost.play(own.frame, show("p3", channels));
		ASSERT_EQ(onHost.statistics.size(), 1u);
		expectNear(onDevice.statistics, onHost.statistics, 1e-2);
	}
}

/* Both players, frame by frame. */
class Sequence : public OnVisualizer
{
protected:
	void SetUp() override
	{
		OnVisualizer::SetUp();
		if (IsSkipped())
			return;
		onDevice.emplace(modelOn("cuda"), PixelFormat::Rgb);
		onHost.emplace(modelOn("cpu"), PixelFormat::Rgb);
	}

	/* Returns the picture. */
	std::vector<uint8_t> play(unsigned seed, const ViewSettings &settings, bool repeat = false,
	                          Size size = frameSize)
	{
		const OwnFrame own = scene(PixelFormat::Rgb, seed, size);
		const auto result = onDevice->play(own.frame, settings, repeat);
		expectSame(result, onHost->play(own.frame, settings, repeat));
		expectNear(onDevice->statistics, onHost->statistics, isRealDevice() ? 1e-4 : 1e-9);
		return result;
	}
	void measure() { onDevice->measures = onHost->measures = true; }

	void replace(BackboneKind kind)
	{
		for (auto [player, device] :
		     { std::pair(&*onDevice, "cuda"), std::pair(&*onHost, "cpu") }) {
			ModelSettings settings = modelOn(device);
			settings.backbone = kind;
			player->replace(settings);
		}
	}

	std::optional<Player> onDevice, onHost;
};

TEST_F(Sequence, MayChangeLevelChannelsSizeAndStyleFromFrameToFrame)
{
	play(1, show("p2"));
	play(2, show("c3"));
	play(3, show("p2", "7,200-203"));
	play(4, show("p2"));
	play(5, show("p5"), false, { 96, 64 });
	ViewSettings settings = show("p2");
	settings.columns = settings.rows = 2;
	settings.interpolation = Interpolation::Linear;
	settings.normalize = Normalize::Robust;
	play(6, settings);
	settings.colormap = Colormap::Turbo;
	settings.gap = 3;
	play(7, settings);
}

TEST_F(Sequence, DrawsWhatIsMadeOfTheMaps)
{
	for (const View view :
	     { View::Overlay, View::Change, View::Timeline, View::Pca, View::Video }) {
		SCOPED_TRACE(static_cast<int>(view));
		ViewSettings settings = show("p3", "");
		settings.view = view;
		play(1, settings);
		play(2, settings);
		play(3, settings, true); /* What was made of the frame before. */
		settings.colormap = Colormap::Turbo;
		play(4, settings, true);
		settings.freeze = true;
		play(5, settings);
		settings.freeze = false;
		play(6, settings);
		settings.level = "c4";
		settings.channels = "3-6";
		play(7, settings);
	}
	ViewSettings frozen = show("p3");
	frozen.freeze = true;
	for (const View view : { View::Video, View::Overlay, View::Mosaic, View::Video }) {
		frozen.view = view;
		play(10, frozen);
		play(11, frozen);
	}
	ViewSettings settings = show("p3");
	for (const View view : { View::Mosaic, View::Change, View::Mosaic, View::Overlay,
	                         View::Timeline, View::Mosaic }) {
		settings.view = view;
		play(8, settings);
		play(9, settings, true);
	}
}

TEST_F(Sequence, KeepsRunningRangesAndForgetsThemWithTheLevel)
{
	ViewSettings settings = show("p3");
	settings.normalize = Normalize::Running;
	for (unsigned seed = 1; seed < 5; ++seed)
		play(seed, settings);
	settings.level = "p4";
	play(5, settings);
	settings.level = "p3";
	play(6, settings);
	settings.normalize = Normalize::Tile;
	play(1, settings);
	settings.normalize = Normalize::Running;
	play(2, settings);
	play(3, settings);
}

TEST_F(Sequence, HoldsAFrozenPicture)
{
	ViewSettings settings = show("p3");
	const auto before = play(1, settings);
	settings.freeze = true;
	expectSame(play(2, settings), before);
	settings.level = "c2"; /* Takes effect when it thaws. */
	expectSame(play(3, settings), before);
	settings.freeze = false;
	play(4, settings);
}

TEST_F(Sequence, RepeatsThePictureBetweenRunsOfTheNetwork)
{
	const auto before = play(1, show("p3"));
	expectSame(play(2, show("p3"), true), before);
	ViewSettings settings = show("p3");
	settings.normalize = Normalize::Signed; /* Of the same maps. */
	play(3, settings, true);
	play(4, show("c2"), true); /* Of others: the network has to run. */
	play(5, show("c2"));
}

TEST_F(Sequence, RanksChannelsByTheirActivation)
{
	/* More often than the ranking is made anew; of one scene, as that comes a frame later. */
	for (int frame = 0; frame < 25; ++frame)
		play(1, show("p3", "top:6"));
	play(1, show("p3", "top:3"));
	play(1, show("c4", "top:6"));
}

/* Another model with the same weights in the place of one leaves no trace in what is drawn. */
TEST_F(Sequence, GoesOnWithWhatAViewRemembersOnAnotherModel)
{
	const auto pictures = [&](const ViewSettings &settings, bool replaces) {
		SetUp();
		std::vector<std::vector<uint8_t>> all;
		for (unsigned seed = 1; seed < 7; ++seed) {
			if (replaces && seed % 2 == 0)
				replace(BackboneKind::ResNet18Fpn);
			all.push_back(play(seed, settings));
		}
		return all;
	};
	ViewSettings running = show("p3");
	running.normalize = Normalize::Running;
	for (const ViewSettings &settings : { running, show("p3"), show("p3", "top:6") }) {
		const auto expected = pictures(settings, false);
		const auto result = pictures(settings, true);
		for (std::size_t i = 0; i < expected.size(); ++i)
			expectSame(result[i], expected[i]);
	}
}

/* MobileNetV2 has fewer levels, and other channels in those of the same name. */
TEST_F(Sequence, StartsAnewOnAModelWithOtherLevels)
{
	ViewSettings settings = show("c2", "top:6");
	settings.normalize = Normalize::Running;
	for (const BackboneKind kind : { BackboneKind::MobileNetV2, BackboneKind::ResNet18Fpn }) {
		play(1, settings);
		play(2, settings);
		replace(kind);
		const auto after = play(3, settings, true);
		ModelSettings model = modelOn("cpu");
		model.backbone = kind;
		Player fresh(model, PixelFormat::Rgb);
		const OwnFrame own = scene(PixelFormat::Rgb, 3);
		expectSame(after, fresh.play(own.frame, settings));
	}
}

TEST_F(Sequence, HoldsAFrozenPictureOnAnotherModel)
{
	for (const bool wasFrozen : { true, false }) {
		SetUp();
		measure();
		ViewSettings settings = show("p5");
		const auto before = play(1, settings);
		settings.freeze = true;
		if (wasFrozen)
			expectSame(play(2, settings), before);
		replace(BackboneKind::MobileNetV2);
		settings.level = "c5";
		expectSame(play(3, settings), before);
		expectSame(play(4, settings, true), before);
		settings.freeze = false;
		const auto after = play(5, settings, true);
		ModelSettings model = modelOn("cpu");
		model.backbone = BackboneKind::MobileNetV2;
		Player fresh(model, PixelFormat::Rgb);
		const OwnFrame own = scene(PixelFormat::Rgb, 5);
		expectSame(after, fresh.play(own.frame, settings));
	}
}

/* play() compares them with the host's. */
TEST_F(Sequence, MeasuresWhatIsShown)
{
	play(1, show("p3"));
	EXPECT_TRUE(onDevice->statistics.empty()) << "nobody asked";
	measure();
	play(1, show("p3", "4-7"));
	ASSERT_EQ(onDevice->statistics.size(), 1u);
	EXPECT_EQ(onDevice->statistics[0].level, "p3");
	EXPECT_EQ(onDevice->statistics[0].channels, 4);
	const double mean = onDevice->statistics[0].mean;

	ViewSettings settings = show("p3", "4-7");
	settings.normalize = Normalize::Signed;
	play(2, settings, true); /* The maps of the frame before. */
	EXPECT_EQ(onDevice->statistics[0].mean, mean);
	settings.freeze = true;
	settings.level = "c2";
	play(3, settings);
	EXPECT_EQ(onDevice->statistics[0].level, "p3");
	EXPECT_EQ(onDevice->statistics[0].mean, mean);
	settings.freeze = false;
	play(3, settings);
	EXPECT_EQ(onDevice->statistics[0].level, "c2");
	EXPECT_NE(onDevice->statistics[0].mean, mean);
}

TEST_F(Sequence, MeasuresTheRankedChannelsAlone)
{
	measure();
	for (int frame = 0; frame < 12; ++frame) {
		play(1, show("p3", "top:6"));
		EXPECT_EQ(onDevice->statistics[0].channels, 6);
	}
}

TEST_F(Sequence, MeasuresEachOfSeveralFramesInFlight)
{
	measure();
	std::deque<std::pair<Player::InFlight, std::vector<LevelStatistics>>> flights;
	for (unsigned seed = 0; seed < 8; ++seed) {
		const OwnFrame own = scene(PixelFormat::Rgb, seed);
		onHost->play(own.frame, show("p3"));
		flights.emplace_back(onDevice->start(own.frame, show("p3")), onHost->statistics);
		if (flights.size() < 3)
			continue;
		onDevice->finish(std::move(flights.front().first));
		expectNear(onDevice->statistics, flights.front().second, 1e-4);
		flights.pop_front();
	}
}

TEST_F(Sequence, RanksChannelsByWhatHappensOverTime)
{
	/* Measures come a frame later than on the CPU: a still moment lets them catch up. */
	for (const char *channels : { "var:6", "change:6" }) {
		play(1, show("p3", channels));
		const auto both = [&](unsigned seed) {
			const OwnFrame own = scene(PixelFormat::Rgb, seed);
			onDevice->play(own.frame, show("p3", channels));
			onHost->play(own.frame, show("p3", channels));
		};
		both(2);
		play(3, show("p3", channels));
		for (unsigned frame = 4; frame < 14; ++frame)
			both(frame % 5);
		play(3, show("p3", channels));
		play(4, show("p3", channels));
	}
}

TEST_F(Sequence, RanksAChangeBetweenTheFirstTwoFrames)
{
	play(1, show("c3", "change:6"));
	const OwnFrame second = scene(PixelFormat::Rgb, 2);
	onDevice->play(second.frame, show("c3", "change:6"));
	onHost->play(second.frame, show("c3", "change:6"));
	play(2, show("c3", "change:3"));
	play(2, show("c3", "top:6"));
	play(2, show("c3", "change:6"));
}

TEST_F(Sequence, MayBeRankedWhileItRepeats)
{
	play(1, show("p3", "all"));
	play(1, show("p3", "top:3"), true);
	play(1, show("p3", "all"));
	play(1, show("p3", "change:3"), true);
}

TEST_F(Sequence, RanksInRegionsAndDrawsThem)
{
	const Region few[] = { { 10, 20, 50, 40 }, { 100, 60, 40, 50 } };
	const Region other[] = { { 60, 10, 30, 80 } };
	ViewSettings settings = show("p3", "top:6");
	settings.rankIn = RankIn::Roi;
	settings.drawRoi = true;
	const auto playIn = [&](unsigned seed, std::span<const Region> regions,
	                        bool repeat = false) {
		const OwnFrame own = scene(PixelFormat::Rgb, seed);
		const auto result = onDevice->play(own.frame, settings, repeat, regions);
		expectSame(result, onHost->play(own.frame, settings, repeat, regions));
		return result;
	};
	playIn(1, {});
	const auto in = playIn(1, few);
	expectSame(playIn(2, other, true), in); /* Boxes belong to the maps, and are repeated. */
	settings.freeze = true;
	expectSame(playIn(2, other), in);
	settings.freeze = false;
	for (int frame = 0; frame < 15; ++frame)
		playIn(1, few);
	playIn(2, {});
	for (const char *channels : { "change:6", "var:6" }) {
		settings.channels = channels;
		for (int frame = 0; frame < 3; ++frame)
			playIn(3, other);
	}
	settings.rankIn = RankIn::Frame;
	playIn(3, other);
	settings.drawRoi = false;
	playIn(3, other);
}

TEST_F(Sequence, TurnsPages)
{
	ViewSettings settings = show("p3", "all");
	for (const unsigned page : { 0, 1, 21, 22, 2 }) {
		settings.page = page;
		play(page, settings);
	}
	settings.channels = "top:20";
	for (const unsigned page : { 0, 1, 2 }) {
		settings.page = page;
		play(1, settings);
	}
	settings.channels = "random:20:3";
	settings.columns = settings.rows = 1;
	play(1, settings);
}

TEST_F(Sequence, GoesOnWithSeveralFramesInFlight)
{
	std::deque<std::pair<Player::InFlight, std::vector<uint8_t>>> flights;
	const auto finish = [&] {
		expectSame(onDevice->finish(std::move(flights.front().first)),
		           flights.front().second);
		flights.pop_front();
	};
	for (unsigned seed = 0; seed < 20; ++seed) {
		const OwnFrame own = scene(PixelFormat::Rgb, seed % 7);
		const ViewSettings settings = show(seed % 4 < 2 ? "p3" : "p4");
		flights.emplace_back(onDevice->start(own.frame, settings),
		                     onHost->play(own.frame, settings));
		if (flights.size() == 3)
			finish();
	}
	while (!flights.empty())
		finish();
}

TEST_F(Sequence, DropsWhatIsInFlightWithoutWaitingForIt)
{
	const OwnFrame own = scene(PixelFormat::Rgb, 1);
	for (int frame = 0; frame < 4; ++frame)
		onDevice->start(own.frame, show("p3"));
	measure();
	onDevice->start(own.frame, show("p3"));
	play(2, show("p3"));
}

class SeveralViews : public OnVisualizer
{
};

TEST_F(SeveralViews, ComeFromOneRunOfTheNetwork)
{
	std::vector<std::vector<uint8_t>> pictures[2];
	for (const char *name : { "cuda", "cpu" }) {
		Visualizer visualizer(modelOn(name));
		std::vector<ViewState> states(3);
		for (unsigned seed = 1; seed < 5; ++seed) {
			std::vector<ViewSettings> settings = { show("p2"), show("c4"),
				                               show("p2", "5-9") };
			settings[1].freeze = seed > 1; /* One is held while the others go on. */
			const OwnFrame own = scene(PixelFormat::Nv12, seed);
			std::vector<MosaicLayout> layouts;
			for (const ViewSettings &each : settings)
				layouts.push_back(layoutOfWidth(visualizer, 200, frameSize, each));
			std::vector<OwnFrame> outputs;
			std::vector<ViewPass> views;
			for (std::size_t i = 0; i < settings.size(); ++i) {
				outputs.emplace_back(drawnFormats[i], layouts[i].size);
				views.push_back(
					{ states[i], settings[i], layouts[i], outputs[i].frame });
			}
			FramePass pass = visualizer.begin(own.frame);
			visualizer.run(pass, views, false);
			for (std::size_t i = 0; i < settings.size(); ++i) {
				visualizer.draw(pass, i);
				pictures[name == std::string("cpu")].push_back(outputs[i].bytes);
			}
		}
	}
	for (std::size_t i = 0; i < pictures[0].size(); ++i)
		expectSame(pictures[0][i], pictures[1][i]);
}

/* One that comes in the device's memory, and goes there. */
class DeviceFrames : public OnVisualizer
{
protected:
	void SetUp() override
	{
		OnVisualizer::SetUp();
		if (IsSkipped())
			return;
		visualizer.emplace(modelOn("cuda"));
		layout = layoutOfWidth(*visualizer, 240, frameSize, settings);
		const OwnFrame picture(PixelFormat::Nv12, layout.size);
		input = upload(own.bytes.data(), own.bytes.size());
		output = upload(picture.bytes.data(), picture.bytes.size());
		/* They come on another stream than the visualizer's. */
		download<uint8_t>(input);
		download<uint8_t>(output);
		in = own.at(input.mutable_data_ptr<uint8_t>());
		out = picture.at(output.mutable_data_ptr<uint8_t>());
		in.isOnDevice = out.isOnDevice = true;
	}

	void play()
	{
		const ViewPass views[] = { { state, settings, layout, out } };
		FramePass pass = visualizer->begin(in);
		visualizer->convert(pass);
		visualizer->run(pass, views, false);
		visualizer->draw(pass, 0);
	}

	const OwnFrame own = scene(PixelFormat::Nv12, 1);
	const ViewSettings settings = show("p3");
	std::optional<Visualizer> visualizer;
	MosaicLayout layout;
	at::Tensor input, output;
	Frame in, out;
	ViewState state;
};

TEST_F(DeviceFrames, AreTakenAndDrawnWhereTheyLie)
{
	Player onHost(modelOn("cpu"), PixelFormat::Nv12);
	play();
	expectSame(download<uint8_t>(output), onHost.play(own.frame, settings));
}

/* Over the bus goes what the kernels are told, in one copy for each frame, and no pixel. */
TEST_F(DeviceFrames, StayOnTheDevice)
{
	if (!isRealDevice())
		GTEST_SKIP() << "counts a device's copies: needs one";
	constexpr int frames = 20;
	for (int i = 0; i < 3; ++i)
		play();
	int kernels = 0;
	int up = 0;
	for (const DeviceActivity &activity : deviceActivities([&] {
		     for (int i = 0; i < frames; ++i)
			     play();
	     })) {
		if (activity.name.starts_with("Memcpy HtoD"))
			++up;
		else if (activity.name.starts_with("Memcpy"))
			ADD_FAILURE() << activity.name;
		else
			++kernels;
	}
	EXPECT_EQ(up, frames);
	EXPECT_GT(kernels, 20 * frames) << "were activities recorded?";
}

/* What a device's memory and this process's are in use for. */
struct MemoryInUse {
	int64_t onDevice = 0; /* LibTorch's, in bytes; 0 on what stands in for a device. */
	int64_t onHost = 0;

	static MemoryInUse now()
	{
		MemoryInUse memory;
		if (isRealDevice()) {
			using c10::CachingAllocator::StatType;
			const auto statistics =
				at::getDeviceAllocator(at::kCUDA)->getDeviceStats(0);
			memory.onDevice =
				statistics.reserved_bytes[static_cast<int>(StatType::AGGREGATE)]
					.current;
		}
		int64_t pages = 0;
		std::ifstream("/proc/self/statm") >> pages >> pages;
		memory.onHost = pages * sysconf(_SC_PAGESIZE);
		return memory;
	}
};

/* More kinds of views than there are graphs kept, so that graphs come and go. */
TEST_F(OnVisualizer, NeedsNoMoreMemoryAfterManyFrames)
{
	const int frames = isRealDevice() ? 10000 : 400;
	Player player(modelOn("cuda"), PixelFormat::Rgb);
	const OwnFrame own = scene(PixelFormat::Nv12, 1, { 64, 64 });
	const auto play = [&](int count) {
		std::deque<Player::InFlight> flights;
		for (int frame = 0; frame < count; ++frame) {
			const int first = 10 * frame / count * 12;
			const ViewSettings settings = show(
				frame % 100 < 50 ? "p3" : "p4",
				(std::to_string(first) + "-" + std::to_string(first + 11)).c_str());
			flights.push_back(player.start(own.frame, settings));
			if (flights.size() == 2) {
				player.finish(std::move(flights.front()));
				flights.pop_front();
			}
		}
		player.finish(std::move(flights.front()));
	};
	play(frames / 4);
	const MemoryInUse before = MemoryInUse::now();
	play(frames);
	const MemoryInUse after = MemoryInUse::now();
	EXPECT_EQ(after.onDevice, before.onDevice);
	EXPECT_LT(after.onHost - before.onHost, 16 << 20);
}

/* The network alone. Both run the same kernels. */
TEST_F(OnVisualizer, ComputesTheSameFromAGraphAsWithoutOne)
{
	const auto options = at::TensorOptions(device.tensors()).dtype(at::kFloat);
	const auto loaded = loadBackbone({ .backbone = BackboneKind::ResNet18Fpn }, options);
	Backbone &backbone = *loaded.backbone;
	const Demand demand(backbone.levels().size(), ChannelSet::all());
	const at::Tensor image = at::rand(backbone.imageShape({ 96, 64 }), options)
	                                 .contiguous(at::MemoryFormat::ChannelsLast);
	backbone.forward(image, demand);

	Features fromGraph;
	const auto graph =
		device.cuda->capture([&] { fromGraph = backbone.forward(image, demand); });
	for (int round = 0; round < 2; ++round) {
		image.copy_(at::rand(image.sizes(), options));
		graph->launch();
		const Features eager = backbone.forward(image, demand);
		for (std::size_t i = 0; i < eager.size(); ++i)
			EXPECT_TRUE(fromGraph[i].maps.allclose(eager[i].maps, 1e-5, 1e-6))
				<< backbone.levels()[i].name;
	}
}

/* Of which no graph is recorded, so that each frame's work is given anew. */
TEST_F(OnVisualizer, RunsAModuleFromAFileAsOnTheHost)
{
	const std::string file = testing::TempDir() + "featuremosaic-module.pt";
	torch::jit::Module module("Levels");
	module.define(R"(
def forward(self, x):
    # type: (Tensor) -> Dict[str, Tensor]
    return {"whole": x, "half": torch.relu(x[:, :, ::2, ::2])}
)");
	module.save(file);
	const auto settingsOn = [&](const char *device) {
		ModelSettings settings = modelOn(device);
		settings.backbone = BackboneKind::TorchScript;
		settings.weights = file;
		return settings;
	};
	Player onDevice(settingsOn("cuda"), PixelFormat::Rgb);
	Player onHost(settingsOn("cpu"), PixelFormat::Rgb);
	std::filesystem::remove(file);

	for (const char *level : { "whole", "half", "whole" })
		for (const char *channels : { "0-2", "top:2" })
			for (unsigned seed = 1; seed < 4; ++seed) {
				const OwnFrame own = scene(PixelFormat::Nv12, seed);
				const ViewSettings settings = show(level, channels);
				expectSame(onDevice.play(own.frame, settings),
				           onHost.play(own.frame, settings));
				expectSame(onDevice.play(own.frame, settings, true),
				           onHost.play(own.frame, settings, true));
			}
}

/* cuDNN adds nothing times what is in memory, and nothing times not-a-number is not nothing. */
TEST_F(OnVisualizer, IsNotConcernedWithWhatMemoryHeldBefore)
{
	const auto bytes = at::TensorOptions(device.tensors()).dtype(at::kByte);
	for (const int64_t size : { 1 << 28, 1 << 24, 1 << 20 })
		at::full({ size }, 0xff, bytes);
	device.cuda->releaseUnusedMemory(); /* For other streams to take. */
	Player onDevice(modelOn("cuda"), PixelFormat::Rgb);
	Player onHost(modelOn("cpu"), PixelFormat::Rgb);
	const OwnFrame own = scene(PixelFormat::Rgb, 2);
	expectSame(onDevice.play(own.frame, show("p2", "all")),
	           onHost.play(own.frame, show("p2", "all")));
}

TEST_F(OnVisualizer, HasTheDeviceThatWasAskedFor)
{
	EXPECT_EQ(Visualizer(modelOn("cuda")).model().device, "cuda:0");
	EXPECT_EQ(Visualizer(modelOn("auto")).model().device, "cuda:0");
}

TEST_F(OnVisualizer, WarmsUpForTheViewsThatAreShown)
{
	Visualizer visualizer(modelOn("cuda"));
	const OwnFrame own = scene(PixelFormat::Rgb, 1);
	const ViewSettings settings = show("p3");
	const auto layout = layoutOfWidth(visualizer, 240, frameSize, settings);
	OwnFrame picture(PixelFormat::Rgb, layout.size);
	ViewState state;
	const ViewPass views[] = { { state, settings, layout, picture.frame } };
	visualizer.warmUp(frameSize, views);
	FramePass pass = visualizer.begin(own.frame);
	EXPECT_FALSE(visualizer.run(pass, views, false)) << "had to be prepared still";
	FramePass next = visualizer.begin(own.frame);
	EXPECT_FALSE(visualizer.run(next, views, false));
}
