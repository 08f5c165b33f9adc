/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <algorithm>
#include <string>

#include "enums.h"
#include "error.h"
#include "properties.h"
#include "visualizer.h"

/** \brief What a user chose for the element */
struct ElementSettings {
	fm::ModelSettings model;
	unsigned interval = 1;      /**< The network runs on every n-th frame. */
	bool qos = true;            /**< Late frames are dropped. */
	unsigned maxInFlight = 0;   /**< 0: as many as suit the device. */
	unsigned statsInterval = 0; /**< Milliseconds; 0: no messages. */
	bool navigation = true;     /**< Views are steered from the windows that show them. */
	bool watch = false;         /**< The weights are loaded again when their file changes. */
};

using ElementProperty = Property<ElementSettings>;

/** \brief Accepts nothing, or three numbers; \throws fm::Error BadSetting */
inline void checkMean(const std::string &text)
{
	if (!text.empty())
		fm::channelValues(text);
}

/** \brief The same, of numbers above 0 */
inline void checkDeviation(const std::string &text)
{
	if (text.empty())
		return;
	const auto values = fm::channelValues(text);
	if (std::ranges::any_of(values, [](float value) { return value <= 0; }))
		throw fm::Error(fm::Error::Kind::BadSetting,
		                "std '" + text + "' has to be above 0 for each channel");
}

/** \brief Properties of the model: they can change in the states NULL and READY */
inline const ElementProperty modelProperties[] = {
	{ "backbone", "Network whose feature maps are drawn",
	  ElementProperty::choice<&ElementSettings::model, &fm::ModelSettings::backbone>(
		  gst_feature_mosaic_backbone_get_type) },
	{ "device",
	  "Where the network runs: auto (CUDA if it works, else the CPU), cpu, cuda or cuda:N",
	  ElementProperty::Text{
		  ElementProperty::member<&ElementSettings::model, &fm::ModelSettings::device>,
		  fm::Visualizer::checkDeviceName } },
	{ "precision", "Type that the network computes in",
	  ElementProperty::choice<&ElementSettings::model, &fm::ModelSettings::precision>(
		  gst_feature_mosaic_precision_get_type) },
	{ "preprocess", "What happens to a frame before the network sees it",
	  ElementProperty::choice<&ElementSettings::model, &fm::ModelSettings::preprocess,
	                          &fm::PreprocessSettings::mode>(
		  gst_feature_mosaic_preprocess_get_type) },
	{ "min-size", "Pixels of the shorter side for preprocess=detection",
	  ElementProperty::Number{
		  ElementProperty::member<&ElementSettings::model, &fm::ModelSettings::preprocess,
	                                  &fm::PreprocessSettings::minSize>,
		  1, 16384 } },
	{ "max-size", "Most pixels of the longer side for preprocess=detection",
	  ElementProperty::Number{
		  ElementProperty::member<&ElementSettings::model, &fm::ModelSettings::preprocess,
	                                  &fm::PreprocessSettings::maxSize>,
		  1, 16384 } },
	{ "mean",
	  "Mean of red, green and blue in 0..1 (null: of the images that the weights are for)",
	  ElementProperty::Text{
		  ElementProperty::member<&ElementSettings::model, &fm::ModelSettings::mean>,
		  checkMean } },
	{ "std",
	  "Standard deviation of red, green and blue in 0..1 (null: of the images that the weights "
	  "are for)",
	  ElementProperty::Text{
		  ElementProperty::member<&ElementSettings::model, &fm::ModelSettings::deviation>,
		  checkDeviation } },
	{ "channel-order", "Order in which the network takes red, green and blue",
	  ElementProperty::choice<&ElementSettings::model, &fm::ModelSettings::channelOrder>(
		  gst_feature_mosaic_channel_order_get_type) },
	{ "bottleneck-stride", "Convolution of a ResNet's bottleneck that has its stride",
	  ElementProperty::choice<&ElementSettings::model, &fm::ModelSettings::bottleneckStride>(
		  gst_feature_mosaic_bottleneck_stride_get_type) },
	{ "compare-weights",
	  "Another checkpoint of the same backbone, which view=difference compares weights with",
	  ElementProperty::Text{ ElementProperty::member<&ElementSettings::model,
	                                                 &fm::ModelSettings::compareWeights> } },
	{ "bn-epsilon",
	  "Epsilon of the batch norms (torchvision's COCO_V1 detectors want 0); unset it is the "
	  "network's own: 0.001 for MobileNetV3 unless its norms were frozen",
	  ElementProperty::OpenReal{
		  ElementProperty::member<&ElementSettings::model, &fm::ModelSettings::bnEpsilon>,
		  0.0, 1.0, 1e-5 } },
};

/** \brief Properties of the element that can change at any time */
inline const ElementProperty playingProperties[] = {
	{ "weights",
	  "Checkpoint file: torch.save, safetensors or a pickle of arrays (null: random weights); "
	  "for torchscript the module, a program, which is run; set while playing, it is loaded "
	  "beside the frames, and refused with a warning where it "
	  "cannot be used",
	  ElementProperty::Text{
		  ElementProperty::member<&ElementSettings::model, &fm::ModelSettings::weights> } },
	{ "watch", "Load the weights again when their file has changed",
	  ElementProperty::Flag{ ElementProperty::member<&ElementSettings::watch> } },
	{ "interval", "Run the network on every n-th frame, and repeat the picture between",
	  ElementProperty::Number{ ElementProperty::member<&ElementSettings::interval>, 1,
	                           1000000 } },
	{ "qos", "Drop frames that would come too late",
	  ElementProperty::Flag{ ElementProperty::member<&ElementSettings::qos> } },
	{ "max-in-flight",
	  "Frames at work at once: 1 has the lowest latency, with more they overlap the network "
	  "(0: 2 on CUDA, else 1)",
	  ElementProperty::Number{ ElementProperty::member<&ElementSettings::maxInFlight>, 0, 8 } },
	{ "navigation",
	  "Steer a view from its window: digits for the level, [ and ] or the wheel for the page, "
	  "v view, n normalisation, c colour map, f freeze, h the keys; a click on a tile shows "
	  "its channel alone, another goes back",
	  ElementProperty::Flag{ ElementProperty::member<&ElementSettings::navigation> } },
	{ "stats-interval",
	  "Milliseconds between two messages featuremosaic-stats on the bus (0: none)",
	  ElementProperty::Number{ ElementProperty::member<&ElementSettings::statsInterval>, 0,
	                           G_MAXUINT } },
};

/* Those that the model's loader hears of. */
inline const ElementProperty &weightsProperty = playingProperties[0];
inline const ElementProperty &watchProperty = playingProperties[1];
