/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Maps as tensors through a model on a device, and through the same on the CPU. */
#include <deque>

#include "player.h"

namespace {

struct Values {
	TensorContent content;
	std::vector<float> values;
};

/* One model, and a tensor of it from frame to frame. */
class TensorPlayer
{
public:
	explicit TensorPlayer(const ModelSettings &settings)
		: visualizer_(std::make_unique<Visualizer>(settings))
	{
	}

	void replace(const ModelSettings &settings)
	{
		visualizer_ = std::make_unique<Visualizer>(settings);
	}

	FramePass start(const Frame &frame, const ViewSettings &settings, bool repeat = false)
	{
		const MosaicLayout none = {};
		FramePass pass = visualizer_->begin(frame);
		visualizer_->convert(pass);
		const ViewPass views[] = { { state_, settings, none } };
		visualizer_->run(pass, views, repeat);
		return pass;
	}

	Values finish(FramePass &&pass)
	{
		Values result = { pass.tensor(0), {} };
		result.values.resize(result.content.values());
		visualizer_->write(pass, 0, ElementType::Float32, result.values.data());
		return result;
	}

	Values play(const Frame &frame, const ViewSettings &settings, bool repeat = false)
	{
		return finish(start(frame, settings, repeat));
	}

private:
	std::unique_ptr<Visualizer> visualizer_;
	ViewState state_;
};

ViewSettings tensor(const char *level, const char *channels)
{
	ViewSettings settings = show(level, channels);
	settings.view = View::Tensor;
	return settings;
}

void expectSame(const Values &result, const Values &expected, float tolerance)
{
	EXPECT_EQ(result.content.level, expected.content.level);
	EXPECT_EQ(result.content.channels, expected.content.channels);
	EXPECT_EQ(result.content.size, expected.content.size);
	ASSERT_EQ(result.values.size(), expected.values.size());
	float most = 0;
	float worst = 0;
	for (std::size_t i = 0; i < result.values.size(); ++i) {
		most = std::max(most, std::abs(expected.values[i]));
		const float error = std::abs(result.values[i] - expected.values[i]);
		worst = std::isnan(error) ? INFINITY : std::max(worst, error);
	}
	EXPECT_GT(most, 0);
	EXPECT_LE(worst, tolerance * most);
}

class DeviceTensors : public OnVisualizer
{
protected:
	void SetUp() override
	{
		OnVisualizer::SetUp();
		if (IsSkipped())
			return;
		onDevice.emplace(modelOn("cuda"));
		onHost.emplace(modelOn("cpu"));
	}

	static float tolerance() { return isRealDevice() ? 1e-4f : 0.0f; }

	Values play(unsigned seed, const ViewSettings &settings, bool repeat = false,
	            Size size = frameSize)
	{
		const OwnFrame own = scene(PixelFormat::Rgb, seed, size);
		Values result = onDevice->play(own.frame, settings, repeat);
		expectSame(result, onHost->play(own.frame, settings, repeat), tolerance());
		return result;
	}

	std::optional<TensorPlayer> onDevice, onHost;
};

} /* namespace */

TEST_F(DeviceTensors, AreThoseOfTheHost)
{
	play(1, tensor("p3", "all"));
	play(2, tensor("p3", "9,3,200-203,3"));
	play(3, tensor("c2", "0-11"));
	play(4, tensor("c2", "11,0-10"));
	play(5, tensor("p5", "all"), false, { 96, 64 });
	play(6, tensor("pool", "7"), false, { 64, 64 }); /* Of one value. */
	play(7, tensor("p3", "7"), true);                /* The network has to run. */
	play(8, tensor("p3", "7"), true);
	for (int frame = 0; frame < 25; ++frame)
		play(1, tensor("p3", "top:6"));
}

TEST_F(DeviceTensors, StayWhatTheyAreWhileFrozen)
{
	ViewSettings settings = tensor("p3", "4-9");
	const Values before = play(1, settings);
	settings.freeze = true;
	expectSame(play(2, settings), before, 0);
	settings.level = "c2";
	settings.channels = "0";
	expectSame(play(3, settings), before, 0);
	for (auto [player, device] :
	     { std::pair(&*onDevice, "cuda"), std::pair(&*onHost, "cpu") }) {
		ModelSettings model = modelOn(device);
		model.backbone = BackboneKind::MobileNetV2;
		player->replace(model);
	}
	expectSame(play(4, settings), before, 0);
	settings.freeze = false;
	EXPECT_EQ(play(5, settings).content.level.name, "c2");
}

TEST_F(DeviceTensors, GoOnWithSeveralFramesInFlight)
{
	std::deque<std::pair<FramePass, Values>> flights;
	const auto finish = [&] {
		expectSame(onDevice->finish(std::move(flights.front().first)),
		           flights.front().second, tolerance());
		flights.pop_front();
	};
	for (unsigned seed = 0; seed < 20; ++seed) {
		const OwnFrame own = scene(PixelFormat::Rgb, seed % 7);
		const ViewSettings settings =
			tensor(seed % 4 < 2 ? "p3" : "p4", seed % 3 == 0 ? "5,1-3" : "all");
		flights.emplace_back(onDevice->start(own.frame, settings),
		                     onHost->play(own.frame, settings));
		if (flights.size() == 3)
			finish();
	}
	while (!flights.empty())
		finish();
}

TEST_F(DeviceTensors, AreFloatsOfWhatIsComputedInHalfPrecision)
{
	const OwnFrame own = scene(PixelFormat::Rgb, 1);
	for (const auto &[precision, tolerance] :
	     { std::pair(Precision::Float16, 1e-2f), std::pair(Precision::BFloat16, 3e-2f) }) {
		TensorPlayer halves(modelOn("cuda", precision));
		expectSame(halves.play(own.frame, tensor("p3", "all")),
		           onHost->play(own.frame, tensor("p3", "all")), tolerance);
	}
}
