/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames one after the other through a model on a device, and through the same on the CPU. */
#include <algorithm>
#include <deque>
#include <filesystem>

#include <unistd.h>

#include "../safetensorsfile.h"
#include "player.h"

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
		EXPECT_EQ(onDevice->shown.level, onHost->shown.level);
		EXPECT_EQ(onDevice->shown.channels, onHost->shown.channels);
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

/* Tiles are wide enough for text. */
TEST_F(Sequence, DrawsColourBarsAndHeaders)
{
	onDevice->width = onHost->width = 640;
	for (const View view : { View::Mosaic, View::Overlay, View::Change, View::Timeline,
	                         View::Pca, View::Video }) {
		SCOPED_TRACE(static_cast<int>(view));
		ViewSettings settings = show("p3", "");
		settings.view = view;
		settings.colormap = Colormap::Viridis;
		const auto plain = play(1, settings);
		settings.colorbar = true;
		const auto barred = play(1, settings);
		EXPECT_EQ(barred == plain, view == View::Pca || view == View::Video);
		settings.header = true;
		EXPECT_NE(play(1, settings).size(), barred.size());
		play(2, settings);
		for (const Normalize normalize :
		     { Normalize::Level, Normalize::Fixed, Normalize::Running, Normalize::Robust,
		       Normalize::Signed }) {
			settings.normalize = normalize;
			settings.gamma += 0.25;
			play(3, settings);
		}
		settings.labels = false;
		play(4, settings);
		play(4, settings, true);
	}
}

TEST_F(Sequence, DrawsThemInMosaicsOfMoreTilesThanBefore)
{
	onDevice->width = onHost->width = 1280;
	ViewSettings settings = show("p3", "0-3");
	settings.colorbar = settings.header = true;
	settings.columns = settings.rows = 2;
	play(1, settings);
	settings.channels = "0-199";
	settings.columns = 20;
	settings.rows = 10;
	settings.gap = 1;
	play(2, settings);
	settings.columns = 10;
	settings.rows = 20;
	play(3, settings);
}

/* A frozen picture makes room for a header, which is that of what is frozen. */
TEST_F(Sequence, DrawsTheHeaderOfAFrozenPicture)
{
	onDevice->width = onHost->width = 640;
	ViewSettings settings = show("c3");
	settings.header = true;
	const auto headed = play(1, settings);
	settings.header = false;
	SetUp();
	onDevice->width = onHost->width = 640;
	const auto bare = play(1, settings);
	settings.freeze = true;
	expectSame(play(2, settings), bare);
	settings.header = true;
	expectSame(play(3, settings), headed);
	replace(BackboneKind::ResNet18);
	expectSame(play(4, settings), headed);
	settings.header = false;
	expectSame(play(5, settings), bare);
}

TEST_F(Sequence, DrawsAlongTheComponentsOfAFile)
{
	const std::string path = std::filesystem::temp_directory_path() /
	                         ("featuremosaic-basis-" + std::to_string(getpid()));
	std::vector<WrittenTensor> tensors = someBasis("p3", 256, 1);
	std::ranges::move(someBasis("c4", 256, 2), std::back_inserter(tensors));
	writeSafetensors(path, tensors);
	BasisFile file;
	ViewSettings settings = show("p3", "");
	settings.view = View::Pca;
	settings.pcaBasis = PcaBasis::File;
	settings.pcaFile = path;
	const auto next = [&](unsigned seed, bool repeat = false) {
		return play(seed, inEffect(onHost->visualizer().complete(settings, file)), repeat);
	};
	const auto first = next(1);
	EXPECT_NE(next(2), first);
	EXPECT_EQ(next(3, true), next(4, true)) << "no network has run";
	EXPECT_EQ(next(1), first) << "whatever came between";
	settings.normalize = Normalize::Robust;
	next(1, true);
	settings.normalize = Normalize::Tile;
	settings.channels = "0-99";
	EXPECT_NE(next(1, true), first);
	settings.channels.clear();
	settings.pcaBasis = PcaBasis::Running;
	next(1, true);
	next(2);
	settings.pcaBasis = PcaBasis::File;
	EXPECT_EQ(next(1), first);
	settings.level = "c4";
	next(1, true);
	settings.level = "p3";
	settings.freeze = true;
	next(2);
	settings.freeze = false;
	EXPECT_EQ(next(1), first);
	/* Another content, on a frame on which the network rests. */
	std::filesystem::remove(path);
	writeSafetensors(path, someBasis("p3", 256, 3));
	EXPECT_NE(next(1, true), first);
	replace(BackboneKind::ResNet18Fpn);
	next(1);
	next(2, true);
	std::filesystem::remove(path);
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
