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

#include "backbone/weights.h"
#include "deviceactivity.h"
#include "frame/packed.h"
#include "player.h"

using namespace fm;

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

std::vector<std::pair<PixelFormat, PixelFormat>> allWays()
{
	std::vector<std::pair<PixelFormat, PixelFormat>> pairs;
	for (const PixelFormat in : allFormats)
		pairs.emplace_back(in, PixelFormat::Rgb);
	for (const PixelFormat out : drawnFormats)
		pairs.emplace_back(PixelFormat::Nv12, out);
	return pairs;
}

INSTANTIATE_TEST_SUITE_P(InAndOut, Formats, testing::ValuesIn(allWays()));

/* Of the host, but the device gets at them by itself. What is between their rows is not theirs. */
class PinnedFrames : public Formats
{
};

TEST_P(PinnedFrames, AreReadAndDrawnWhereTheyLie)
{
	const auto [in, out] = GetParam();
	const ViewSettings settings = show("p3");
	Visualizer visualizer(modelOn("cuda"));
	const HostMemory allocate = visualizer.hostMemory();
	const auto pinned = [&](const OwnFrame &own) {
		const std::shared_ptr<void> memory = allocate(own.bytes.size());
		std::memcpy(memory.get(), own.bytes.data(), own.bytes.size());
		Frame frame = own.at(static_cast<uint8_t *>(memory.get()));
		frame.isPinned = true;
		return std::pair(memory, frame);
	};
	const OwnFrame own = scene(in, 1);
	const MosaicLayout layout = layoutOfWidth(visualizer, 240, frameSize, settings);
	const OwnFrame blank(out, layout.size);
	const auto [input, frame] = pinned(own);
	const auto [output, picture] = pinned(blank);

	ViewState state;
	const ViewPass views[] = { { state, settings, layout, picture } };
	FramePass pass = visualizer.begin(frame);
	visualizer.convert(pass);
	visualizer.run(pass, views, false);
	visualizer.draw(pass, 0);
	const auto *bytes = static_cast<const uint8_t *>(output.get());
	Player onHost(modelOn("cpu"), out);
	expectSame({ bytes, bytes + blank.bytes.size() }, onHost.play(own.frame, settings));
}

INSTANTIATE_TEST_SUITE_P(InAndOut, PinnedFrames, testing::ValuesIn(allWays()));

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
