/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cmath>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "../layouts.h"
#include "ondevice.h"
#include "visualizer.h"

using namespace fm;

/* On what stands in for a device the same comes out in float32; a real one rounds otherwise. */
inline bool isRealDevice()
{
	return selectDevice("cuda").tensors().is_cuda();
}

inline ModelSettings modelOn(const char *device, Precision precision = Precision::Float32)
{
	ModelSettings settings;
	settings.backbone = BackboneKind::ResNet18Fpn;
	settings.device = device;
	settings.precision = precision;
	return settings;
}

inline ViewSettings show(const char *level, const char *channels = "0-11")
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
		Panel panel;
		ViewSettings settings;
		std::optional<FramePass> pass;
	};

	InFlight start(const Frame &frame, const ViewSettings &settings, bool repeat = false,
	               std::span<const Region> regions = {})
	{
		const Panel panel = panelOfWidth(*visualizer_, width, frame.size, settings);
		InFlight flight = { OwnFrame(output_, panel.layout.size), panel, settings, {} };
		flight.pass = visualizer_->begin(frame, regions);
		if (measures)
			flight.pass->measure();
		visualizer_->convert(*flight.pass);
		ViewPass view = { state_, flight.settings, flight.panel.layout,
			          flight.picture.frame };
		view.titles = flight.panel.titles;
		visualizer_->run(*flight.pass, { &view, 1 }, repeat);
		return flight;
	}

	std::vector<uint8_t> finish(InFlight &&flight)
	{
		visualizer_->draw(*flight.pass, 0);
		statistics = flight.pass->statistics();
		shown = flight.pass->shown(0);
		return std::move(flight.picture.bytes);
	}

	std::vector<uint8_t> play(const Frame &frame, const ViewSettings &settings,
	                          bool repeat = false, std::span<const Region> regions = {})
	{
		return finish(start(frame, settings, repeat, regions));
	}

	bool measures = false;
	int width = 240; /* Of the picture. */
	/* Of the frame that was finished last. */
	std::vector<LevelStatistics> statistics;
	ShownMaps shown;

private:
	std::unique_ptr<Visualizer> visualizer_;
	PixelFormat output_;
	ViewState state_;
};

inline void expectSame(const std::vector<uint8_t> &result, const std::vector<uint8_t> &expected,
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

inline void expectNear(const std::vector<LevelStatistics> &result,
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
inline OwnFrame scene(PixelFormat format, unsigned seed, Size size = frameSize)
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

/* Skips without a device. */
class OnVisualizer : public OnDevice
{
};
