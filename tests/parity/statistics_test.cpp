/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cmath>
#include <cstring>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "../layouts.h"
#include "resnet18.h"
#include "view/statistics.h"
#include "visualizer.h"

using namespace fm;

namespace {

const LevelStatistics &numpys(const std::string &name)
{
	static const auto all = [] {
		const auto bytes = References::get().bytes("statistics");
		std::istringstream text(std::string(bytes.begin(), bytes.end()));
		std::map<std::string, LevelStatistics> all;
		for (LevelStatistics s; text >> s.level >> s.channels >> s.min >> s.max >> s.mean >>
		                        s.deviation >> s.zeros >> s.notNumbers >> s.dead;)
			all[s.level] = s;
		return all;
	}();
	return all.at(name);
}

void expectNear(const LevelStatistics &result, const LevelStatistics &expected, double tolerance,
                double zerosTolerance)
{
	EXPECT_EQ(result.channels, expected.channels);
	EXPECT_NEAR(result.min, expected.min, tolerance);
	EXPECT_NEAR(result.max, expected.max, tolerance);
	EXPECT_NEAR(result.mean, expected.mean, tolerance);
	EXPECT_NEAR(result.deviation, expected.deviation, tolerance);
	EXPECT_NEAR(result.zeros, expected.zeros, zerosTolerance);
	EXPECT_EQ(result.notNumbers, expected.notNumbers);
	EXPECT_EQ(result.dead, expected.dead);
}

class LevelsStatistics : public testing::TestWithParam<const char *>
{
};

} /* namespace */

TEST_P(LevelsStatistics, AreNumpysOfTorchvisionsFeatures)
{
	Visualizer &visualizer = resNet18();
	/* Two views of the level, which have channels in common, and one of another. */
	const std::string level = GetParam();
	ViewSettings settings[3];
	settings[0].level = settings[1].level = level;
	settings[2].level = level == "c5" ? "c1" : "c5";
	settings[0].channels = "0-7";
	settings[1].channels = "11,10,4-9";
	ViewState states[3];
	std::vector<std::vector<uint8_t>> pixels;
	std::vector<MosaicLayout> layouts;
	std::vector<ViewPass> views;
	for (const ViewSettings &view : settings)
		layouts.push_back(layoutOfWidth(visualizer, 200, References::imageSize, view));
	for (int i = 0; i < 3; ++i) {
		const Size size = layouts[i].size;
		pixels.emplace_back(std::size_t{ 3 } * size.width * size.height);
		const Frame output = {
			PixelFormat::Rgb, size, { { pixels[i].data(), 3 * size.width } }, {}, {}
		};
		views.push_back({ states[i], settings[i], layouts[i], output });
	}
	FramePass pass = visualizer.begin(References::get().image());
	pass.measure();
	visualizer.run(pass, views, false);
	for (std::size_t i = 0; i < views.size(); ++i)
		visualizer.draw(pass, i);

	const auto statistics = pass.statistics();
	ASSERT_EQ(statistics.size(), 2u);
	EXPECT_EQ(statistics[0].level, level);
	EXPECT_EQ(statistics[1].level, settings[2].level);
	for (const LevelStatistics &found : statistics) {
		const LevelStatistics &expected = numpys(found.level);
		const double magnitude = std::max(std::abs(expected.min), std::abs(expected.max));
		/* A value that is nearly zero may be one. */
		expectNear(found, expected, 1e-4 * magnitude, 1e-3);
	}
}

INSTANTIATE_TEST_SUITE_P(Parity, LevelsStatistics,
                         testing::Values("c1", "c2", "c3", "c4", "c5", "p2", "p3", "p4", "p5",
                                         "pool"),
                         [](const auto &info) { return std::string(info.param); });

TEST(MapStatistics, AreNumpysOfMapsThatAreHardToSum)
{
	constexpr int channels = 6;
	constexpr int height = 90;
	constexpr int width = 70;
	const auto bytes = References::get().bytes("hard.maps");
	std::vector<float> planar(bytes.size() / sizeof(float));
	std::memcpy(planar.data(), bytes.data(), bytes.size());
	ASSERT_EQ(planar.size(), std::size_t{ channels } * height * width);
	const FeatureMaps maps = {
		planar.data(), channels, height, width, height * width, width, 1
	};
	std::vector<int> all;
	for (int channel = 0; channel < channels; ++channel) {
		const std::string name = "hard" + std::to_string(channel);
		SCOPED_TRACE(name);
		const LevelStatistics &expected = numpys(name);
		const double magnitude = std::max(std::abs(expected.min), std::abs(expected.max));
		expectNear(summarise(name, sumUp(maps, { channel })), expected, 1e-12 * magnitude,
		           1e-15);
		all.push_back(channel);
	}
	expectNear(summarise("hard", sumUp(maps, all)), numpys("hard"), 1e-12 * 1e6, 1e-15);
}
