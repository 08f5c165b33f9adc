/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "enums.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "frame/preprocess.h"
#include "view/settings.h"
#include "visualizer.h"

namespace {

template<typename Enum>
constexpr GEnumValue value(Enum value, const char *description, const char *nick)
{
	return { static_cast<int>(value), description, nick };
}

} /* namespace */

GType gst_feature_mosaic_backbone_get_type()
{
	static const auto values = [] {
		std::array<GEnumValue, std::size(fm::backbones) + 1> rows = {};
		std::ranges::transform(fm::backbones, rows.begin(), [](const auto &row) {
			return value(row.kind, row.description, row.name);
		});
		return rows;
	}();
	static const GType type = g_enum_register_static("GstFeatureMosaicBackbone", values.data());
	return type;
}

GType gst_feature_mosaic_precision_get_type()
{
	using enum fm::Precision;
	static const GEnumValue values[] = {
		value(Auto, "float32 on the CPU, float16 on CUDA", "auto"),
		value(Float32, "32 bits", "float32"),
		value(Float16, "16 bits, IEEE half", "float16"),
		value(BFloat16, "16 bits, bfloat16", "bfloat16"),
		value(Tf32, "32 bits, products rounded to 19 (CUDA alone)", "tf32"),
		{},
	};
	static const GType type = g_enum_register_static("GstFeatureMosaicPrecision", values);
	return type;
}

GType gst_feature_mosaic_preprocess_get_type()
{
	using enum fm::Preprocess;
	static const GEnumValue values[] = {
		value(None, "RGB in 0..1, nothing else", "none"),
		value(ImageNet, "RGB in 0..1, then ImageNet's mean and standard deviation",
		      "imagenet"),
		value(Detection, "imagenet, then torchvision's resize and padding for detectors",
		      "detection"),
		{},
	};
	static const GType type = g_enum_register_static("GstFeatureMosaicPreprocess", values);
	return type;
}

GType gst_feature_mosaic_channel_order_get_type()
{
	using enum fm::ChannelOrder;
	static const GEnumValue values[] = {
		value(Auto, "As the family of the weights has it; with preprocess=none rgb",
		      "auto"),
		value(Rgb, "Red, green, blue", "rgb"),
		value(Bgr, "Blue, green, red, as Caffe's networks (detectron2)", "bgr"),
		{},
	};
	static const GType type = g_enum_register_static("GstFeatureMosaicChannelOrder", values);
	return type;
}

GType gst_feature_mosaic_bottleneck_stride_get_type()
{
	using enum fm::BottleneckStride;
	static const GEnumValue values[] = {
		value(Auto, "As the family of the weights has it", "auto"),
		value(In1x1, "The first, of 1x1, as Caffe's ResNets (detectron2)", "1x1"),
		value(In3x3, "The second, of 3x3, as torchvision's", "3x3"),
		{},
	};
	static const GType type =
		g_enum_register_static("GstFeatureMosaicBottleneckStride", values);
	return type;
}

GType gst_feature_mosaic_view_get_type()
{
	using enum fm::View;
	static const GEnumValue values[] = {
		value(Mosaic, "One tile for each channel", "mosaic"),
		value(Overlay, "One heat map of all channels over the video", "overlay"),
		value(Pyramid, "The video, and a row of tiles for each level", "pyramid"),
		value(Pca, "The first three principal components of all channels as colours",
		      "pca"),
		value(SideBySide, "The video left, the mosaic right", "side-by-side"),
		value(Difference,
		      "What weights give less what compare-weights do; with the default colormap "
		      "and normalize, in coolwarm about 0",
		      "difference"),
		value(Change, "Tiles of what has changed since the frame before", "change"),
		value(Timeline, "A strip for each channel that scrolls with time", "timeline"),
		{},
	};
	static const GType type = g_enum_register_static("GstFeatureMosaicView", values);
	return type;
}

GType gst_feature_mosaic_reduce_get_type()
{
	using enum fm::Reduce;
	static const GEnumValue values[] = {
		value(Mean, "Mean", "mean"),
		value(Max, "Maximum", "max"),
		value(AbsMean, "Mean of the magnitudes", "absmean"),
		value(Energy, "Root of the mean square", "energy"),
		{},
	};
	static const GType type = g_enum_register_static("GstFeatureMosaicReduce", values);
	return type;
}

GType gst_feature_mosaic_pyramid_layout_get_type()
{
	using enum fm::PyramidLayout;
	static const GEnumValue values[] = {
		value(Equal, "All of one height", "equal"),
		value(Stride, "In proportion to the level's maps, down to an eighth", "stride"),
		{},
	};
	static const GType type = g_enum_register_static("GstFeatureMosaicPyramidLayout", values);
	return type;
}

GType gst_feature_mosaic_pca_basis_get_type()
{
	using enum fm::PcaBasis;
	static const GEnumValue values[] = {
		value(Running, "They follow it slowly, without jumps", "running"),
		value(First, "They stay those of the first frame", "first"),
		value(File, "They are those of pca-file, the same in each video", "file"),
		{},
	};
	static const GType type = g_enum_register_static("GstFeatureMosaicPcaBasis", values);
	return type;
}

GType gst_feature_mosaic_difference_layout_get_type()
{
	using enum fm::DifferenceLayout;
	static const GEnumValue values[] = {
		value(Difference, "The difference alone", "difference"),
		value(Beside, "Three tiles for each channel: weights, compare-weights, difference",
		      "beside"),
		{},
	};
	static const GType type =
		g_enum_register_static("GstFeatureMosaicDifferenceLayout", values);
	return type;
}

GType gst_feature_mosaic_colormap_get_type()
{
	using enum fm::Colormap;
	static const GEnumValue values[] = {
		value(Viridis, "Viridis", "viridis"),
		value(Magma, "Magma", "magma"),
		value(Inferno, "Inferno", "inferno"),
		value(Plasma, "Plasma", "plasma"),
		value(Cividis, "Cividis", "cividis"),
		value(Turbo, "Turbo", "turbo"),
		value(Gray, "Gray", "gray"),
		value(Coolwarm, "Coolwarm (diverging)", "coolwarm"),
		{},
	};
	static const GType type = g_enum_register_static("GstFeatureMosaicColormap", values);
	return type;
}

GType gst_feature_mosaic_normalize_get_type()
{
	using enum fm::Normalize;
	static const GEnumValue values[] = {
		value(Tile, "Each tile's own minimum to maximum, on each frame", "tile"),
		value(Level, "Minimum to maximum over all tiles", "level"),
		value(Fixed, "range-min to range-max", "fixed"),
		value(Running, "Each tile's own range, averaged over frames", "running"),
		value(Robust, "Each tile's 1st to 99th percentile", "robust"),
		value(Signed, "Each tile's own range, symmetric about 0", "signed"),
		{},
	};
	static const GType type = g_enum_register_static("GstFeatureMosaicNormalize", values);
	return type;
}

GType gst_feature_mosaic_interpolation_get_type()
{
	using enum fm::Interpolation;
	static const GEnumValue values[] = {
		value(Nearest, "Nearest neighbour: each value of the map can be seen", "nearest"),
		value(Linear, "Bilinear", "linear"),
		{},
	};
	static const GType type = g_enum_register_static("GstFeatureMosaicInterpolation", values);
	return type;
}

GType gst_feature_mosaic_rank_in_get_type()
{
	using enum fm::RankIn;
	static const GEnumValue values[] = {
		value(Frame, "The whole frame", "frame"),
		value(Roi, "The frame's regions of interest, less the rest of it", "roi"),
		{},
	};
	static const GType type = g_enum_register_static("GstFeatureMosaicRankIn", values);
	return type;
}
