/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gtest/gtest.h>

#include "backbone/statedict.h"
#include "device.h"
#include "error.h"

using fm::canonicalName;

TEST(Names, OfADetectorLoseWhatStandsInFront)
{
	EXPECT_EQ(canonicalName("backbone.body.conv1.weight"), "body.conv1.weight");
	EXPECT_EQ(canonicalName("model.backbone.body.bn1.bias"), "body.bn1.bias");
	EXPECT_EQ(canonicalName("state_dict.module.backbone.fpn.layer_blocks.3.0.bias"),
	          "fpn.layer_blocks.3.0.bias");
}

TEST(Names, OfTheFpnBeforeTorchvision013GetTheirSequential)
{
	EXPECT_EQ(canonicalName("fpn.inner_blocks.2.weight"), "fpn.inner_blocks.2.0.weight");
	EXPECT_EQ(canonicalName("backbone.fpn.layer_blocks.0.bias"), "fpn.layer_blocks.0.0.bias");
	EXPECT_EQ(canonicalName("fpn.inner_blocks.2.0.weight"), "fpn.inner_blocks.2.0.weight");
}

TEST(Names, OfAClassifierBecomeTheBody)
{
	EXPECT_EQ(canonicalName("conv1.weight"), "body.conv1.weight");
	EXPECT_EQ(canonicalName("module.layer3.5.bn2.running_var"),
	          "body.layer3.5.bn2.running_var");
	EXPECT_EQ(canonicalName("fc.weight"), "");
}

TEST(Names, OfMobileNetAreFeatures)
{
	EXPECT_EQ(canonicalName("features.18.0.weight"), "features.18.0.weight");
	EXPECT_EQ(canonicalName("backbone.18.0.weight"), "features.18.0.weight");
	EXPECT_EQ(canonicalName("backbone.features.1.conv.0.0.weight"),
	          "features.1.conv.0.0.weight");
	EXPECT_EQ(canonicalName("classifier.1.weight"), "");
}

TEST(Names, OfNoBackboneAreLeftOut)
{
	for (const char *name :
	     { "rpn.head.cls_logits.weight", "roi_heads.box_head.fc6.bias",
	       "optimizer.state.0.momentum_buffer", "body.bn1.num_batches_tracked", "", "7" })
		EXPECT_EQ(canonicalName(name), "") << name;
}

TEST(Summary, NamesFiveAndCountsTheRest)
{
	EXPECT_EQ(fm::LoadReport::summary({ "a", "b" }), "a, b");
	EXPECT_EQ(fm::LoadReport::summary({ "a", "b", "c", "d", "e", "f", "g" }),
	          "a, b, c, d, e and 2 more");
}

TEST(Device, NamesAreCheckedBeforeAnythingIsLoaded)
{
	for (const char *name : { "auto", "cpu", "cuda", "cuda:0", "cuda:7" })
		EXPECT_NO_THROW(fm::checkDeviceName(name)) << name;
	for (const char *name : { "", "gpu", "cuda:", "cuda:-1", "cuda:1x", "cuda:999", "CPU" })
		EXPECT_THROW(fm::checkDeviceName(name), fm::Error) << name;
}

TEST(Device, CpuIsAlwaysThere)
{
	EXPECT_TRUE(fm::selectDevice("cpu").tensors().is_cpu());
}
