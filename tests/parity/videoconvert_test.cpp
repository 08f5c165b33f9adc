/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cmath>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>
#include <gst/video/video.h>
#include <gtest/gtest.h>

#include "frame/networkinput.h"
#include "frame/output.h"

/* Colours against GstVideoConverter, which is what the element videoconvert runs. Its arithmetic is
 * in 8 bits, so it may be some levels off the exact value. */

namespace {

constexpr int width = 97;
constexpr int height = 61;

struct Image {
	GstVideoInfo info;
	std::vector<uint8_t> bytes;

	fm::Frame frame(fm::PixelFormat format, const fm::Colorimetry &color, fm::ChromaSite site)
	{
		fm::Frame frame = { format, { width, height }, {}, color, site };
		for (guint i = 0; i < GST_VIDEO_INFO_N_PLANES(&info); ++i)
			frame.planes[i] = { bytes.data() + GST_VIDEO_INFO_PLANE_OFFSET(&info, i),
				            GST_VIDEO_INFO_PLANE_STRIDE(&info, i) };
		return frame;
	}
};

Image makeImage(GstVideoFormat format, const char *colorimetry = nullptr,
                GstVideoChromaSite site = GST_VIDEO_CHROMA_SITE_JPEG)
{
	Image image;
	gst_video_info_set_format(&image.info, format, width, height);
	if (colorimetry)
		gst_video_colorimetry_from_string(&image.info.colorimetry, colorimetry);
	image.info.chroma_site = site;
	image.bytes.resize(GST_VIDEO_INFO_SIZE(&image.info));
	return image;
}

/* Smooth, with saturated colours: what a camera sees. */
Image makeScene()
{
	Image image = makeImage(GST_VIDEO_FORMAT_RGB);
	for (int y = 0; y < height; ++y)
		for (int x = 0; x < width; ++x)
			for (int c = 0; c < 3; ++c)
				image.bytes[y * GST_VIDEO_INFO_PLANE_STRIDE(&image.info, 0) +
				            3 * x + c] =
					static_cast<uint8_t>(127.5 +
				                             127.5 * std::sin(0.07 * x * (c + 1) +
				                                              0.11 * y * (3 - c)));
	return image;
}

void convert(Image &from, Image &to)
{
	const auto wrap = [](Image &image) {
		return gst_buffer_new_wrapped_full(static_cast<GstMemoryFlags>(0),
		                                   image.bytes.data(), image.bytes.size(), 0,
		                                   image.bytes.size(), nullptr, nullptr);
	};
	g_autoptr(GstBuffer) in = wrap(from);
	g_autoptr(GstBuffer) out = wrap(to);
	GstVideoFrame source;
	GstVideoFrame target;
	ASSERT_TRUE(gst_video_frame_map(&source, &from.info, in, GST_MAP_READ));
	ASSERT_TRUE(gst_video_frame_map(&target, &to.info, out, GST_MAP_WRITE));
	GstVideoConverter *converter = gst_video_converter_new(&from.info, &to.info, nullptr);
	ASSERT_NE(converter, nullptr);
	gst_video_converter_frame(converter, &source, &target);
	gst_video_converter_free(converter);
	gst_video_frame_unmap(&source);
	gst_video_frame_unmap(&target);
}

/* As the network sees it without any preprocessing, times 255: [height][width][3]. */
std::vector<float> networkPixels(const fm::Frame &frame)
{
	const at::Tensor input = fm::networkInput(frame, { fm::Preprocess::None });
	std::vector<float> pixels(input.const_data_ptr<float>(),
	                          input.const_data_ptr<float>() + input.numel());
	for (float &pixel : pixels)
		pixel *= 255.0f;
	return pixels;
}

struct Case {
	GstVideoFormat gst;
	fm::PixelFormat ours;
	const char *colorimetry;
	fm::Colorimetry color;
	GstVideoChromaSite gstSite = GST_VIDEO_CHROMA_SITE_JPEG;
	fm::ChromaSite site = {};
};

constexpr fm::Colorimetry bt601 = { 0.299f, 0.114f, false };
constexpr fm::Colorimetry bt709 = { 0.2126f, 0.0722f, false };
constexpr fm::Colorimetry jpeg = { 0.299f, 0.114f, true };

const Case cases[] = {
	{ GST_VIDEO_FORMAT_NV12, fm::PixelFormat::Nv12, "bt601", bt601 },
	{ GST_VIDEO_FORMAT_NV12, fm::PixelFormat::Nv12, "bt709", bt709 },
	{ GST_VIDEO_FORMAT_NV12, fm::PixelFormat::Nv12, "1:4:0:0", jpeg },
	{ GST_VIDEO_FORMAT_NV12,
	  fm::PixelFormat::Nv12,
	  "bt601",
	  bt601,
	  GST_VIDEO_CHROMA_SITE_MPEG2,
	  { true, false } },
	{ GST_VIDEO_FORMAT_I420, fm::PixelFormat::I420, "bt601", bt601 },
	{ GST_VIDEO_FORMAT_I420, fm::PixelFormat::I420, "bt709", bt709 },
	{ GST_VIDEO_FORMAT_GRAY8, fm::PixelFormat::Gray8, "1:4:0:0", jpeg },
	{ GST_VIDEO_FORMAT_GRAY8, fm::PixelFormat::Gray8, "bt601", bt601 },
	{ GST_VIDEO_FORMAT_BGR, fm::PixelFormat::Bgr, nullptr, {} },
	{ GST_VIDEO_FORMAT_RGBA, fm::PixelFormat::Rgba, nullptr, {} },
	{ GST_VIDEO_FORMAT_BGRA, fm::PixelFormat::Bgra, nullptr, {} },
	{ GST_VIDEO_FORMAT_RGBx, fm::PixelFormat::Rgbx, nullptr, {} },
	{ GST_VIDEO_FORMAT_BGRx, fm::PixelFormat::Bgrx, nullptr, {} },
};

class Input : public testing::TestWithParam<Case>
{
};

class Output : public testing::TestWithParam<Case>
{
};

std::string caseName(const testing::TestParamInfo<Case> &info)
{
	return std::string(gst_video_format_to_string(info.param.gst)) + std::to_string(info.index);
}

} /* namespace */

TEST_P(Input, IsTheRgbThatVideoconvertGives)
{
	const Case &c = GetParam();
	Image scene = makeScene();
	Image input = makeImage(c.gst, c.colorimetry, c.gstSite);
	convert(scene, input);
	Image expected = makeImage(GST_VIDEO_FORMAT_RGB);
	convert(input, expected);

	const auto pixels = networkPixels(input.frame(c.ours, c.color, c.site));
	const bool packed = GST_VIDEO_FORMAT_INFO_IS_RGB(input.info.finfo);
	double sum = 0.0;
	for (int channel = 0; channel < 3; ++channel)
		for (int y = 0; y < height; ++y)
			for (int x = 0; x < width; ++x) {
				const int stride = GST_VIDEO_INFO_PLANE_STRIDE(&expected.info, 0);
				const double difference =
					std::abs(double{ pixels[(y * width + x) * 3 + channel] } -
				                 expected.bytes[y * stride + 3 * x + channel]);
				ASSERT_LE(difference, packed ? 0.01 : 8.0)
					<< channel << " " << x << "," << y;
				sum += difference;
			}
	EXPECT_LT(sum / (3.0 * width * height), 3.0);
}

INSTANTIATE_TEST_SUITE_P(Formats, Input, testing::ValuesIn(cases), caseName);

TEST_P(Output, IsWhatVideoconvertMakesOfRgb)
{
	const Case &c = GetParam();
	Image scene = makeScene();
	Image expected = makeImage(c.gst, c.colorimetry);
	convert(scene, expected);

	Image output = makeImage(c.gst, c.colorimetry);
	const auto rowOf = [&](int y) {
		const uint8_t *rgb =
			scene.bytes.data() + y * GST_VIDEO_INFO_PLANE_STRIDE(&scene.info, 0);
		std::vector<fm::Rgba8> row(width);
		for (int x = 0; x < width; ++x)
			row[x] = { rgb[3 * x], rgb[3 * x + 1], rgb[3 * x + 2], 255 };
		return row;
	};
	const fm::FrameWriter writer(output.frame(c.ours, c.color, {}));
	for (int y = 0; y < height; y += 2)
		writer.write(y, rowOf(y).data(), rowOf(std::min(y + 1, height - 1)).data());

	for (guint component = 0; component < GST_VIDEO_INFO_N_COMPONENTS(&output.info);
	     ++component) {
		const auto *format = output.info.finfo;
		const int columns = GST_VIDEO_FORMAT_INFO_SCALE_WIDTH(format, component, width);
		const int rows = GST_VIDEO_FORMAT_INFO_SCALE_HEIGHT(format, component, height);
		for (int y = 0; y < rows; ++y)
			for (int x = 0; x < columns; ++x) {
				const auto at =
					GST_VIDEO_INFO_COMP_OFFSET(&output.info, component) +
					y * GST_VIDEO_INFO_COMP_STRIDE(&output.info, component) +
					x * GST_VIDEO_INFO_COMP_PSTRIDE(&output.info, component);
				ASSERT_NEAR(output.bytes[at], expected.bytes[at], 2)
					<< component << " " << x << "," << y;
			}
	}
}

INSTANTIATE_TEST_SUITE_P(Formats, Output,
                         testing::Values(cases[0], cases[1], cases[4], cases[5], cases[9]),
                         caseName);

int main(int argc, char **argv)
{
	testing::InitGoogleTest(&argc, argv);
	gst_init(&argc, &argv);
	return RUN_ALL_TESTS();
}
