/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <algorithm>

#include <cstdlib>

#include <gtest/gtest.h>

#include "../layouts.h"
#include "error.h"
#include "references.h"
#include "resnet18.h"
#include "view/colormap.h"
#include "visualizer.h"

using namespace fm;

namespace {

constexpr Size imageSize = References::imageSize;

struct Case {
	const char *level;
	const char *colormapName;
	Colormap colormap;
	const char *normalizeName;
	Normalize normalize;
};

constexpr Case cases[] = {
	{ "p2", "viridis", Colormap::Viridis, "tile", Normalize::Tile },
	{ "c1", "magma", Colormap::Magma, "level", Normalize::Level },
	{ "p5", "coolwarm", Colormap::Coolwarm, "signed", Normalize::Signed },
	{ "c3", "turbo", Colormap::Turbo, "fixed", Normalize::Fixed },
	{ "pool", "gray", Colormap::Gray, "tile", Normalize::Tile },
	{ "p3", "cividis", Colormap::Cividis, "robust", Normalize::Robust },
	{ "c4", "inferno", Colormap::Inferno, "tile", Normalize::Tile },
	{ "p4", "plasma", Colormap::Plasma, "tile", Normalize::Tile },
};

/* What make_references.py drew, but for what lies within rounding of a step between two colours. */
void expectDrawn(const std::vector<uint8_t> &pixels, const std::string &name, int rounding = 0)
{
	const auto exact = References::get().bytes(name + ".rgb");
	const auto lower = References::get().bytes(name + ".lower");
	const auto upper = References::get().bytes(name + ".upper");
	const auto near = References::get().bytes(name + ".near");
	ASSERT_EQ(pixels.size(), exact.size());

	std::size_t wrong = 0;
	std::size_t rounded = 0;
	for (std::size_t i = 0; i < pixels.size(); ++i) {
		const auto isOf = [&](const std::vector<uint8_t> &picture) {
			return std::abs(pixels[i] - picture[i]) <= rounding;
		};
		if (!isOf(exact))
			++(near[i] != 0 && (isOf(lower) || isOf(upper)) ? rounded : wrong);
	}
	EXPECT_EQ(wrong, 0u) << name << " of " << pixels.size();
	EXPECT_LT(rounded, pixels.size() / 50) << name;
}

class Mosaic : public testing::TestWithParam<Case>
{
};

} /* namespace */

TEST_P(Mosaic, EqualsWhatMatplotlibDrawsFromTorchvisionsFeatures)
{
	const Case &c = GetParam();
	ViewSettings settings;
	settings.level = c.level;
	settings.colormap = c.colormap;
	settings.normalize = c.normalize;
	settings.rangeMin = -0.5;
	settings.rangeMax = 1.5;
	settings.gap = 2;
	settings.labels = false;
	const auto layout = layoutOfWidth(resNet18(), imageSize.width, imageSize, settings);
	const auto [width, height] = layout.size;
	std::vector<uint8_t> pixels(std::size_t{ 3 } * width * height);
	const Frame output = {
		PixelFormat::Rgb, layout.size, { { pixels.data(), 3 * width } }, {}, {}
	};
	ViewState state;
	const ViewPass views[] = { { state, settings, layout, output } };
	FramePass pass = resNet18().begin(References::get().image());
	resNet18().run(pass, views, false);
	resNet18().draw(pass, 0);

	expectDrawn(pixels, std::string("mosaic.") + c.level + "." + c.colormapName + "." +
	                            c.normalizeName);
}

INSTANTIATE_TEST_SUITE_P(Parity, Mosaic, testing::ValuesIn(cases), [](const auto &info) {
	return std::string(info.param.level) + info.param.colormapName + info.param.normalizeName;
});

namespace {

/* One view of the network, frame by frame. */
class Player
{
public:
	explicit Player(Visualizer &visualizer = resNet18(), int width = imageSize.width)
		: visualizer_(visualizer), width_(width)
	{
	}

	std::vector<uint8_t> play(const Frame &frame, const ViewSettings &settings,
	                          std::span<const Region> regions = {})
	{
		const Panel panel = panelOfWidth(visualizer_, width_, imageSize, settings);
		const MosaicLayout &layout = panel.layout;
		const auto [width, height] = layout.size;
		std::vector<uint8_t> pixels(std::size_t{ 3 } * width * height);
		const Frame output = {
			PixelFormat::Rgb, layout.size, { { pixels.data(), 3 * width } }, {}, {}
		};
		ViewPass view = { state_, settings, layout, output };
		view.titles = panel.titles;
		FramePass pass = visualizer_.begin(frame, regions);
		visualizer_.run(pass, { &view, 1 }, false);
		visualizer_.draw(pass, 0);
		return pixels;
	}

private:
	Visualizer &visualizer_;
	int width_; /* Of the picture. */
	ViewState state_;
};

/* By torch. */
std::string ranked(const std::string &name)
{
	const auto text = References::get().bytes("ranked." + name);
	return { text.begin(), text.end() };
}

ViewSettings sixOfP3(const std::string &channels)
{
	ViewSettings settings;
	settings.level = "p3";
	settings.channels = channels;
	settings.columns = 3;
	settings.rows = 2;
	return settings;
}

} /* namespace */

TEST(Ranked, ChannelsAreThoseOfHighestMeasureInTorchvisionsFeatures)
{
	const Frame image = References::get().image();
	std::vector<uint8_t> reversed = References::get().bytes("image.rgb");
	std::ranges::reverse(reversed);
	Frame second = image;
	second.planes[0].data = reversed.data();

	EXPECT_EQ(Player().play(image, sixOfP3("top:6")),
	          Player().play(image, sixOfP3(ranked("top"))));
	for (const char *by : { "var", "change" }) {
		Player player;
		player.play(image, sixOfP3(by + std::string(":6")));
		EXPECT_EQ(player.play(second, sixOfP3(by + std::string(":6"))),
		          Player().play(second, sixOfP3(ranked(by))))
			<< by;
	}
}

class RankedInRegions : public testing::TestWithParam<Preprocess>
{
};

TEST_P(RankedInRegions, ChannelsAreThoseOfTorchvisionsFeaturesInsideLessOutside)
{
	ModelSettings model;
	model.backbone = BackboneKind::ResNet18Fpn;
	model.weights = References::get().path("resnet18-fpn.pth");
	model.device = "cpu";
	model.preprocess = { GetParam(), 150, 220 };
	Visualizer visualizer(model);
	const Frame image = References::get().image();
	const Region regions[] = { { 20, 30, 50, 45 }, { 150, 60, 51, 73 } };
	ViewSettings settings = sixOfP3("top:6");
	settings.rankIn = RankIn::Roi;
	const char *how = GetParam() == Preprocess::Detection ? "roi.detection" : "roi.imagenet";
	EXPECT_NE(ranked(how), ranked("top"));
	EXPECT_EQ(Player(visualizer).play(image, settings, regions),
	          Player(visualizer).play(image, sixOfP3(ranked(how))));
	EXPECT_EQ(Player(visualizer).play(image, settings),
	          Player(visualizer).play(image, sixOfP3("top:6")))
		<< "without any";
}

INSTANTIATE_TEST_SUITE_P(Parity, RankedInRegions,
                         testing::Values(Preprocess::ImageNet, Preprocess::Detection));

ViewSettings viewOf(View view, const char *level)
{
	ViewSettings settings;
	settings.view = view;
	settings.level = level;
	settings.labels = false;
	return settings;
}

TEST(Views, OfAnOverlayAreAHeatMapOverTheVideo)
{
	ViewSettings settings = viewOf(View::Overlay, "p3");
	settings.colormap = Colormap::Turbo;
	const Frame image = References::get().image();
	expectDrawn(Player().play(image, settings), "view.overlay.mean", 1);
	settings.level = "c4";
	settings.reduce = Reduce::Energy;
	settings.alpha = 0.9;
	settings.alphaByValue = true;
	expectDrawn(Player().play(image, settings), "view.overlay.energy", 1);
}

TEST(Views, OfAChangeAreTheDifferenceToTheFrameBefore)
{
	ViewSettings settings = viewOf(View::Change, "p3");
	settings.colormap = Colormap::Magma;
	settings.gap = 2;
	std::vector<uint8_t> reversed = References::get().bytes("image.rgb");
	std::ranges::reverse(reversed);
	Frame second = References::get().image();
	second.planes[0].data = reversed.data();
	Player player;
	player.play(References::get().image(), settings);
	expectDrawn(player.play(second, settings), "view.change");
}

TEST(Views, OfADifferenceAreOfTwoCheckpoints)
{
	ModelSettings model;
	model.weights = References::get().path("resnet18-fpn.pth");
	model.compareWeights = References::get().path("resnet18-other.pth");
	model.device = "cpu";
	Visualizer visualizer(model);
	EXPECT_EQ(visualizer.model().levels, resNet18().model().levels);
	ViewSettings settings = inEffect(viewOf(View::Difference, "p3"));
	EXPECT_EQ(settings.colormap, Colormap::Coolwarm);
	EXPECT_EQ(settings.normalize, Normalize::Signed);
	settings.gap = 2;
	const Frame image = References::get().image();
	Player player(visualizer);
	expectDrawn(player.play(image, settings), "view.difference");
	settings.differenceLayout = DifferenceLayout::Beside;
	expectDrawn(player.play(image, settings), "view.beside");
	/* Of ranked channels by the first of the two. */
	ViewSettings ranking = settings;
	ranking.channels = "top:6";
	ViewSettings listed = settings;
	listed.channels = ranked("top");
	EXPECT_EQ(player.play(image, ranking), player.play(image, listed));
	EXPECT_THROW(resNet18().check(settings), Error);

	model.compareWeights = References::get().path("mobilenet-v2.pth");
	EXPECT_THROW(Visualizer{ model }, Error);
}

TEST(Views, OfPrincipalComponentsAreThoseOfNumpysSingularValues)
{
	expectDrawn(Player().play(References::get().image(), viewOf(View::Pca, "c3")), "view.pca");
}

/* The last five rows of a tile of the image's size. */
TEST(Views, HaveColourBarsOfTheValuesAlongThem)
{
	constexpr int rows = 5;
	constexpr const char *names[] = { "viridis", "magma", "inferno", "plasma",
		                          "cividis", "turbo", "gray",    "coolwarm" };
	const Frame image = References::get().image();
	for (int map = 0; map < 8; ++map)
		for (const auto &[gamma, text] : { std::pair(1.0, ".1"), std::pair(2.5, ".2.5") })
			for (const View view : { View::Mosaic, View::Overlay }) {
				ViewSettings settings = viewOf(view, "p3");
				settings.columns = settings.rows = 1;
				settings.colormap = static_cast<Colormap>(map);
				settings.gamma = gamma;
				settings.colorbar = true;
				const auto layout = layoutOfWidth(resNet18(), imageSize.width,
				                                  imageSize, settings);
				const auto pixels = Player().play(image, settings);
				std::vector<uint8_t> bar;
				for (int y = imageSize.height - rows; y < imageSize.height; ++y) {
					const auto row = pixels.begin() + std::ptrdiff_t{ 3 } * y *
					                                          layout.size.width;
					bar.insert(bar.end(), row, row + 3 * imageSize.width);
				}
				expectDrawn(bar, std::string("bar.") + names[map] + text);
			}
}

/* In no other colour, nor at another place. */
TEST(Views, AreTheSameBelowAHeader)
{
	const Frame image = References::get().image();
	for (const View view : { View::Mosaic, View::Overlay, View::Pca, View::Timeline }) {
		ViewSettings settings = viewOf(view, "p3");
		const auto bare = Player(resNet18(), 2 * imageSize.width).play(image, settings);
		settings.header = true;
		const auto headed = Player(resNet18(), 2 * imageSize.width).play(image, settings);
		const std::size_t strip = headed.size() - bare.size();
		ASSERT_EQ(strip, std::size_t{ 24 } * 3 * 2 * imageSize.width);
		EXPECT_TRUE(std::equal(bare.begin(), bare.end(), headed.begin() + strip));
		const auto isBright = [](uint8_t value) { return value > 150; };
		EXPECT_GT(std::count_if(headed.begin(), headed.begin() + strip, isBright), 300);
	}
}

TEST(Views, OfComponentsFromAFileAreInNumpysDeviationsAlongThem)
{
	ViewSettings settings = viewOf(View::Pca, "c3");
	settings.pcaBasis = PcaBasis::File;
	settings.pcaFile = References::get().path("basis.pth");
	BasisFile file;
	settings = inEffect(resNet18().complete(settings, file));
	std::vector<uint8_t> reversed = References::get().bytes("image.rgb");
	std::ranges::reverse(reversed);
	Frame second = References::get().image();
	second.planes[0].data = reversed.data();
	expectDrawn(Player().play(second, settings), "view.pca.file");
	/* Whatever came before. */
	Player player;
	player.play(References::get().image(), settings);
	expectDrawn(player.play(second, settings), "view.pca.file");
}

TEST(Colormaps, AreMatplotlibs)
{
	const auto expected = References::get().bytes("colormaps");
	ASSERT_EQ(expected.size(), 8u * 256 * 3);
	for (int map = 0; map < 8; ++map)
		for (int i = 0; i < 256; ++i)
			for (int c = 0; c < 3; ++c)
				ASSERT_EQ(colormapTable(static_cast<Colormap>(map))[i][c],
				          expected[(map * 256 + i) * 3 + c]);
}
