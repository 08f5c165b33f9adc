/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each kernel against the same thing on the CPU. */
#include <limits>
#include <numeric>
#include <tuple>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/upsample_nearest2d.h>

#include "frame/networkinput.h"
#include "ondevice.h"
#include "tensormaps.h"
#include "view/channels.h"
#include "view/draw.h"
#include "view/mosaic.h"
#include "view/statistics.h"

using namespace fm;

class InputKernel : public OnDevice,
		    public testing::WithParamInterface<
			    std::tuple<PixelFormat, Size, Preprocess, c10::ScalarType>>
{
};

TEST_P(InputKernel, MakesWhatTheHostMakes)
{
	const auto [format, size, mode, type] = GetParam();
	const PreprocessSettings settings = { mode, 48, 64 };
	const OwnFrame own(format, size, 7);
	const at::Tensor expected = networkInput(own.frame, settings).to(type);

	const InputShape shape = InputShape::of(size, settings);
	at::Tensor pixels = upload(own.bytes.data(), own.bytes.size());
	const Frame onDevice = own.at(pixels.mutable_data_ptr<uint8_t>());
	const at::Tensor frame = upload(&onDevice, 1);
	const SampleTable samples = SampleTable::of(settings);
	const at::Tensor table = upload(&samples, 1);
	for (const int channels : { 3, 4 }) {
		const at::Tensor input =
			at::full({ 1, channels, shape.padded.height, shape.padded.width }, 7,
		                 at::TensorOptions(device.tensors()).dtype(type))
				.contiguous(at::MemoryFormat::ChannelsLast);
		device.cuda->networkInput(static_cast<const Frame *>(frame.const_data_ptr()), shape,
		                          static_cast<const SampleTable *>(table.const_data_ptr()),
		                          elementType(type), channels, input.mutable_data_ptr());
		const at::Tensor result = input.to(at::kCPU);
		EXPECT_TRUE(result.slice(1, 0, 3).equal(expected)) << channels << " channels";
		EXPECT_TRUE(result.slice(1, 3).eq(0).all().item<bool>());
	}
}

INSTANTIATE_TEST_SUITE_P(AllFormats, InputKernel,
                         testing::Combine(testing::ValuesIn(allFormats),
                                          testing::Values(Size{ 37, 23 }, Size{ 64, 36 },
                                                          Size{ 1, 1 }),
                                          testing::Values(Preprocess::None, Preprocess::ImageNet,
                                                          Preprocess::Detection),
                                          testing::Values(at::kFloat, at::kHalf, at::kBFloat16)));

namespace {

/* Maps of noise, one of them constant, one with what is not a number, one all of that. */
at::Tensor noise(int channels, Size size, c10::ScalarType type)
{
	at::Tensor maps = at::randn({ 1, channels, size.height, size.width },
	                            at::detail::createCPUGenerator(3))
	                          .mul(3)
	                          .to(type)
	                          .contiguous(at::MemoryFormat::ChannelsLast);
	maps.select(1, 1).fill_(2.5);
	maps.select(1, 2).select(1, 0).fill_(std::numeric_limits<float>::quiet_NaN());
	maps.select(1, 3).fill_(std::numeric_limits<float>::quiet_NaN());
	maps.select(1, 4).fill_(-0.0);
	return maps;
}

struct Case {
	const char *name;
	ViewSettings settings;
	int channels = 16;
	Size maps = { 25, 14 };
	PixelFormat format = PixelFormat::Rgb;
	Size picture = { 641, 359 };
	c10::ScalarType type = at::kFloat;
};

ViewSettings with(auto &&change)
{
	ViewSettings settings;
	change(settings);
	return settings;
}

std::vector<Case> allCases()
{
	std::vector<Case> cases;
	const auto add = [&](const char *name, auto &&change) {
		cases.push_back({ name, with(change) });
	};
	add("Tile", [](ViewSettings &) {});
	add("Level", [](ViewSettings &s) { s.normalize = Normalize::Level; });
	add("Fixed", [](ViewSettings &s) {
		s.normalize = Normalize::Fixed;
		s.rangeMin = -1.5;
	});
	add("Running", [](ViewSettings &s) { s.normalize = Normalize::Running; });
	add("Robust", [](ViewSettings &s) { s.normalize = Normalize::Robust; });
	add("Signed", [](ViewSettings &s) {
		s.normalize = Normalize::Signed;
		s.colormap = Colormap::Coolwarm;
	});
	add("Linear", [](ViewSettings &s) { s.interpolation = Interpolation::Linear; });
	add("Gamma", [](ViewSettings &s) { s.gamma = 2.0; });
	add("Gap", [](ViewSettings &s) { s.gap = 5; });
	add("NoLabels", [](ViewSettings &s) { s.labels = false; });
	add("RepeatedChannels", [](ViewSettings &s) {
		s.channels = "3,0,0,7,3";
		s.normalize = Normalize::Running;
	});
	add("Boxes", [](ViewSettings &s) { s.drawRoi = true; });
	add("BoxesOnLargeTiles", [](ViewSettings &s) {
		s.drawRoi = true;
		s.columns = s.rows = 1;
	});
	add("LastPage", [](ViewSettings &s) {
		s.channels = "all";
		s.page = 1;
	});
	add("MoreCellsThanChannels", [](ViewSettings &s) { s.channels = "1-5"; });
	add("Overlay", [](ViewSettings &s) {
		s.view = View::Overlay;
		s.channels = "5";
	});
	add("OverlayByValue", [](ViewSettings &s) {
		s.view = View::Overlay;
		s.channels = "2"; /* With what is not a number. */
		s.alpha = 0.9;
		s.alphaByValue = true;
		s.drawRoi = true;
	});
	add("Pca", [](ViewSettings &s) { s.view = View::Pca; });
	add("PcaRobust", [](ViewSettings &s) {
		s.view = View::Pca;
		s.normalize = Normalize::Robust;
		s.interpolation = Interpolation::Linear;
	});
	add("Video", [](ViewSettings &s) { s.view = View::Video; });
	for (const View view : { View::Mosaic, View::Overlay, View::Video })
		add("Caption", [&](ViewSettings &s) {
			s.view = view;
			s.help = true;
		});
	for (const Normalize normalize : { Normalize::Tile, Normalize::Level, Normalize::Fixed,
	                                   Normalize::Running, Normalize::Robust })
		add("ColorBars", [&](ViewSettings &s) {
			s.colorbar = s.header = true;
			s.normalize = normalize;
		});
	for (const bool labels : { false, true })
		add("ColorBarsOnLargeTiles", [&](ViewSettings &s) {
			s.colorbar = s.drawRoi = true;
			s.labels = labels;
			s.columns = 2;
			s.rows = 1;
			s.gamma = 2.0;
			s.gap = 3;
		});
	for (const View view : { View::Overlay, View::Pca, View::Video })
		add("ColorBarAndHeader", [&](ViewSettings &s) {
			s.view = view;
			s.colorbar = s.header = true;
		});
	for (const PixelFormat format : drawnFormats)
		cases.push_back({ .name = "Format", .settings = {}, .format = format });
	for (const c10::ScalarType type : { at::kHalf, at::kBFloat16 })
		cases.push_back({ .name = "Half",
		                  .settings = with(
					  [](ViewSettings &s) { s.normalize = Normalize::Robust; }),
		                  .type = type });
	cases.push_back({ .name = "ManyChannels",
	                  .settings = with([](ViewSettings &s) {
				  s.channels = "all";
				  s.columns = s.rows = 0;
			  }),
	                  .channels = 300,
	                  .maps = { 7, 5 } });
	cases.push_back(
		{ .name = "LargeMaps", .settings = {}, .channels = 12, .maps = { 320, 180 } });
	return cases;
}

} /* namespace */

class ViewKernels : public OnDevice, public testing::WithParamInterface<Case>
{
};

/* Several frames, as some ranges go on from one to the next. */
TEST_P(ViewKernels, DrawWhatTheHostDraws)
{
	const Case &param = GetParam();
	const ViewSettings &settings = param.settings;
	const DrawnLevel level = { { "p3", "fpn", param.channels, 8 } };
	const auto selection = ChannelSelection::of(settings);
	const bool isOneTile = isDrawnByPixel(settings.view);
	const Grid grid =
		isOneTile ? Grid{ 1, 1, 0 } : Grid::of(settings, selection.count(param.channels));
	auto layout = MosaicLayout::inside(param.picture, { 16, 9 }, grid);
	if (settings.header) {
		layout.header = 24;
		layout.top += layout.header;
		layout.size.height += layout.header;
	}
	const std::vector<int> shown = ShownChannels().next(level, selection, grid.cells());
	const std::vector<int> channels =
		settings.view == View::Pca ? std::vector{ 5, 0, 2 } : shown;
	/* Smaller than the tile, and of another shape. */
	const OwnFrame video(PixelFormat::Nv12, { 300, 211 }, 5);
	const at::Tensor videoPixels = upload(video.bytes.data(), video.bytes.size());
	const Frame videoOnDevice = video.at(videoPixels.mutable_data_ptr<uint8_t>());

	/* Drawn or not as the settings have it. */
	const Boxes boxes = Boxes::of(std::vector<Region>{ { 10, 5, 30, 50 }, { 30, 20, 70, 60 } },
	                              { 100, 80 }, { Preprocess::None, { 100, 80 }, { 100, 80 } });
	/* Begins left of the picture, and above it. */
	Caption caption;
	if (settings.help)
		caption = { std::make_shared<const Label>(
				    Size{ 400, 300 },
				    std::vector<std::string>{ "a caption", "of two lines" }, 208),
			    11, 6 };
	const HeaderContent header =
		HeaderContent::of(settings.view, layout, { "a net" }, level, param.maps);
	Mosaic mosaic;
	LastHeader lastHeader;
	DeviceView view;
	view.makeRoom(*device.cuda, param.channels, static_cast<int>(channels.size()));
	view.prepare(*device.cuda,
	             { level, param.maps, ChannelSet::all(), channels, layout, settings.colormap,
	               settings.labels, settings.view, caption,
	               ColorBar::of(settings, layout.tile, static_cast<int>(channels.size())),
	               header });
	for (int frame = 0; frame < 3; ++frame) {
		const at::Tensor maps = noise(param.channels, param.maps, param.type)
		                                .mul(frame + 1)
		                                .contiguous(at::MemoryFormat::ChannelsLast);
		const at::Tensor asFloat = maps.to(at::kFloat);
		OwnFrame expected(param.format, layout.size);
		mosaic.update(level, hostMaps(asFloat), ChannelSet::all(), channels, settings);
		MosaicPicture drawn = settings.view == View::Video
		                              ? videoPicture(layout, video.frame, caption)
		                              : mosaic.picture(hostMaps(asFloat), settings, layout,
		                                               video.frame, boxes, caption);
		drawn.header = lastHeader.of(header);
		drawMosaic(drawn, expected.frame);

		const std::vector<uint8_t> blank(expected.bytes.size());
		at::Tensor pixels = upload(blank.data(), blank.size());
		const PictureParameters picture =
			view.parameters(settings, expected.at(pixels.mutable_data_ptr<uint8_t>()),
		                        videoOnDevice, boxes);
		const at::Tensor parameters = upload(&picture, 1);
		const auto *onDevice =
			static_cast<const PictureParameters *>(parameters.const_data_ptr());
		const at::Tensor mapsOnDevice = upload(maps);
		device.cuda->ranges(deviceMaps(mapsOnDevice), onDevice,
		                    static_cast<int>(channels.size()),
		                    settings.normalize == Normalize::Robust);
		device.cuda->picture(deviceMaps(mapsOnDevice), onDevice, layout.size);
		const auto result = download<uint8_t>(pixels);
		/* A device's powers may be off by the last bit, and so a colour by a step. */
		const bool isExact = settings.gamma == 1.0 || !device.tensors().is_cuda();
		std::size_t differing = 0;
		for (std::size_t i = 0; i < result.size(); ++i)
			differing += result[i] == expected.bytes[i] ? 0 : 1;
		EXPECT_LE(differing, isExact ? 0 : result.size() / 1000) << "frame " << frame;
	}
}

INSTANTIATE_TEST_SUITE_P(AllSettings, ViewKernels, testing::ValuesIn(allCases()),
                         [](const auto &info) {
				 return std::to_string(info.index) + info.param.name;
			 });

class MagnitudeKernel : public OnDevice, public testing::WithParamInterface<c10::ScalarType>
{
protected:
	void expectMeans(const at::Tensor &maps, const at::Tensor &before,
	                 const std::vector<float> &expected, const Boxes &boxes = {})
	{
		const at::Tensor onDevice = upload(maps);
		const at::Tensor boxesOnDevice = upload(&boxes, 1);
		const at::Tensor beforeOnDevice = before.defined() ? upload(before) : before;
		const at::Tensor scratch = deviceBytes(
			*device.cuda, device.cuda->magnitudesScratch(deviceMaps(onDevice)));
		const at::Tensor means = at::empty(
			{ maps.size(1) }, at::TensorOptions(device.tensors()).dtype(at::kFloat));
		device.cuda->magnitudes(
			deviceMaps(onDevice),
			before.defined() ? beforeOnDevice.const_data_ptr() : nullptr,
			boxes.empty() ? nullptr
				      : static_cast<const Boxes *>(boxesOnDevice.const_data_ptr()),
			scratch.mutable_data_ptr(), means.mutable_data_ptr<float>());
		const auto result = download<float>(means);
		ASSERT_EQ(result.size(), expected.size());
		for (std::size_t channel = 0; channel < result.size(); ++channel)
			EXPECT_FLOAT_EQ(result[channel], expected[channel]) << channel;
	}
};

TEST_P(MagnitudeKernel, AveragesAsTheHostDoes)
{
	for (const auto &[channels, size] :
	     { std::pair{ 12, Size{ 200, 120 } }, { 300, Size{ 9, 5 } } }) {
		const at::Tensor maps = noise(channels, size, GetParam());
		const at::Tensor before =
			maps.flip({ 1, 3 }).contiguous(at::MemoryFormat::ChannelsLast);
		const at::Tensor asFloat = maps.to(at::kFloat);
		const at::Tensor beforeAsFloat = before.to(at::kFloat);
		const FeatureMaps hostBefore = hostMaps(beforeAsFloat);
		expectMeans(maps, {}, meanMagnitudes(hostMaps(asFloat)));
		expectMeans(maps, before, meanMagnitudes(hostMaps(asFloat), &hostBefore));
		for (const std::vector<Region> &regions :
		     { std::vector<Region>{ { 10, 5, 30, 50 }, { 30, 20, 60, 20 } },
		       std::vector<Region>{ { 0, 0, 100, 80 } } }) {
			const Boxes boxes =
				Boxes::of(regions, { 100, 80 },
			                  { Preprocess::Detection, { 90, 70 }, { 96, 96 } });
			expectMeans(maps, {}, meanMagnitudes(hostMaps(asFloat), nullptr, boxes),
			            boxes);
			expectMeans(maps, before,
			            meanMagnitudes(hostMaps(asFloat), &hostBefore, boxes), boxes);
		}
	}
}

INSTANTIATE_TEST_SUITE_P(AllTypes, MagnitudeKernel,
                         testing::Values(at::kFloat, at::kHalf, at::kBFloat16));

class MapSumsKernel : public OnDevice, public testing::WithParamInterface<c10::ScalarType>
{
};

TEST_P(MapSumsKernel, FindsWhatTheHostFinds)
{
	for (const auto &[channels, size] :
	     { std::pair{ 12, Size{ 200, 120 } }, { 300, Size{ 9, 5 } } }) {
		at::Tensor maps = noise(channels, size, GetParam());
		maps.select(1, 5).add_(500); /* A mean that is large beside the deviation. */
		maps.select(1, 6).select(1, 2).fill_(0.0);
		std::vector<int> places(channels);
		std::iota(places.begin(), places.end(), 0);
		const auto expected = sumUp(hostMaps(maps.to(at::kFloat)), places);

		const at::Tensor onDevice = upload(maps);
		const at::Tensor scratch = deviceBytes(
			*device.cuda, device.cuda->mapSumsScratch(deviceMaps(onDevice)));
		const at::Tensor sums = deviceBytes(*device.cuda, channels * sizeof(MapSums));
		device.cuda->mapSums(deviceMaps(onDevice), scratch.mutable_data_ptr(),
		                     reinterpret_cast<MapSums *>(sums.mutable_data_ptr<uint8_t>()));
		const auto result = download<MapSums>(sums);
		for (int c = 0; c < channels; ++c) {
			EXPECT_EQ(result[c].low, expected[c].low) << c;
			EXPECT_EQ(result[c].high, expected[c].high) << c;
			EXPECT_EQ(result[c].origin, expected[c].origin) << c;
			EXPECT_EQ(result[c].numbers, expected[c].numbers) << c;
			EXPECT_EQ(result[c].zeros, expected[c].zeros) << c;
			EXPECT_EQ(result[c].notNumbers, expected[c].notNumbers) << c;
			/* Sums in another order. */
			EXPECT_NEAR(result[c].sum, expected[c].sum, 1e-8) << c;
			EXPECT_NEAR(result[c].squares, expected[c].squares,
			            1e-12 * expected[c].squares)
				<< c;
		}
	}
}

INSTANTIATE_TEST_SUITE_P(AllTypes, MapSumsKernel,
                         testing::Values(at::kFloat, at::kHalf, at::kBFloat16));

class BackboneKernels : public OnDevice, public testing::WithParamInterface<c10::ScalarType>
{
protected:
	/* [1, channels, H, W], channels last. */
	static at::Tensor empty(int64_t channels, Size size, const at::TensorOptions &options)
	{
		return at::empty({ 1, channels, size.height, size.width },
		                 options.memory_format(at::MemoryFormat::ChannelsLast));
	}
	/* NaN where the other has it, and the same elsewhere. */
	static void expectSame(const at::Tensor &result, const at::Tensor &expected)
	{
		ASSERT_EQ(result.sizes(), expected.sizes());
		EXPECT_TRUE(result.eq(expected).logical_or(expected.isnan()).all().item<bool>());
		EXPECT_TRUE(result.isnan().eq(expected.isnan()).all().item<bool>());
	}
};

TEST_P(BackboneKernels, PoolAsLibTorchDoes)
{
	/* Of ResNets, VGGs and the FPN's last level; channels by eights and others. */
	for (const PoolingWindow window : { PoolingWindow{ 3, 2, 1 }, { 2, 2, 0 }, { 1, 2, 0 } })
		for (const auto &[channels, size] :
		     { std::pair{ 64, Size{ 37, 22 } }, { 12, Size{ 9, 6 } } }) {
			const at::Tensor maps = noise(channels, size, GetParam());
			const at::Tensor expected =
				at::max_pool2d(maps.to(at::kFloat),
			                       { window.kernel, window.kernel },
			                       { window.stride, window.stride },
			                       { window.padding, window.padding })
					.to(GetParam());
			const at::Tensor onDevice = upload(maps);
			const Size out = { static_cast<int>(expected.size(3)),
				           static_cast<int>(expected.size(2)) };
			const at::Tensor result = empty(channels, out, onDevice.options());
			device.cuda->maxPool(deviceMaps(onDevice), result.mutable_data_ptr(), out,
			                     window);
			expectSame(result.to(at::kCPU), expected);
		}
}

TEST_P(BackboneKernels, AddWhatLibTorchBringsToTheSize)
{
	for (const Size coarse : { Size{ 10, 6 }, { 7, 5 }, { 3, 2 } })
		for (const int channels : { 64, 12 }) {
			const Size fine = { 20, 12 };
			const at::Tensor lower = noise(channels, coarse, GetParam());
			const at::Tensor upper = noise(channels, fine, GetParam());
			const at::Tensor expected =
				at::upsample_nearest2d(lower.to(at::kFloat),
			                               { fine.height, fine.width })
					.add(upper.to(at::kFloat))
					.to(GetParam());
			const at::Tensor sums = upload(upper);
			const at::Tensor added = upload(lower);
			device.cuda->addUpsampled(deviceMaps(added), sums.mutable_data_ptr(), fine);
			expectSame(sums.to(at::kCPU), expected);
		}
}

INSTANTIATE_TEST_SUITE_P(AllTypes, BackboneKernels,
                         testing::Values(at::kFloat, at::kHalf, at::kBFloat16));
