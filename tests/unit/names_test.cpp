/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <map>

#include <gtest/gtest.h>

#include "backbone/statenames.h"
#include "backbone/weightsfile.h"
#include "device.h"
#include "error.h"

using fm::Family;
using fm::NamedTensor;
using fm::StateNames;

namespace {

/* Names alone; kernels all of them. */
std::vector<StateNames> find(const std::vector<std::string> &names)
{
	std::vector<NamedTensor> tensors;
	for (const std::string &name : names)
		tensors.push_back(
			{ name,
		          { fm::ScalarType::Float32, { 1, 1, 1, 1 }, { 1, 1, 1, 1 }, 0, 0 } });
	return StateNames::find(tensors);
}

/* What a file with \a all calls the backbone's parameters; "" are those that are none. */
void expectParameters(Family family, const std::string &prefix,
                      const std::map<std::string, std::string> &parameters,
                      std::vector<std::string> others = {})
{
	for (const auto &[name, parameter] : parameters)
		others.push_back(name);
	const auto all = find(others);
	ASSERT_FALSE(all.empty());
	const StateNames &names = all.front();
	EXPECT_EQ(names.family(), family);
	EXPECT_EQ(names.prefix(), prefix);
	for (const auto &[name, parameter] : parameters)
		EXPECT_EQ(names.parameter(name), parameter) << name;
}

} /* namespace */

TEST(Names, OfADetectorAreFoundBehindWhateverStandsInFront)
{
	for (const std::string front :
	     { "", "backbone.", "model.backbone.", "state_dict.module.backbone.",
	       "model_state_dict._orig_mod.detector.backbone.", "ema.", "net.module.",
	       "backbone.0." })
		expectParameters(
			Family::Torchvision, front + "body.",
			{ { front + "body.layer1.0.conv1.weight", "body.layer1.0.conv1.weight" },
		          { front + "body.bn1.running_var", "body.bn1.running_var" },
		          { front + "body.bn1.num_batches_tracked", "" },
		          { front + "fpn.inner_blocks.2.0.weight", "fpn.inner_blocks.2.0.weight" },
		          { front + "fpn.inner_blocks.2.1.running_mean",
		            "fpn.inner_blocks.2.1.running_mean" },
		          { front + "fpn.extra_blocks.p6.bias", "fpn.extra_blocks.p6.bias" },
		          { "rpn.head.cls_logits.weight", "" },
		          { "optimizer.state.0.momentum_buffer", "" } });
}

TEST(Names, OfOlderTorchvisionsFpnAreTranslated)
{
	expectParameters(Family::Torchvision, "body.",
	                 { { "body.layer1.0.conv1.weight", "body.layer1.0.conv1.weight" },
	                   { "fpn.inner_blocks.2.weight", "fpn.inner_blocks.2.0.weight" },
	                   { "fpn.layer_blocks.0.bias", "fpn.layer_blocks.0.0.bias" } });
}

TEST(Names, OfAClassifierAreTheBodys)
{
	for (const std::string front : { "", "module.", "state_dict." })
		expectParameters(
			Family::Torchvision, front,
			{ { front + "layer1.0.conv1.weight", "body.layer1.0.conv1.weight" },
		          { front + "conv1.weight", "body.conv1.weight" },
		          { front + "layer3.5.bn2.running_var", "body.layer3.5.bn2.running_var" },
		          { front + "fc.weight", "" } });
}

TEST(Names, OfTimmAreTorchvisions)
{
	expectParameters(
		Family::Torchvision, "resnet50.",
		{ { "resnet50.conv1.weight", "body.conv1.weight" },
	          { "resnet50.bn1.weight", "body.bn1.weight" },
	          { "resnet50.layer1.0.conv1.weight", "body.layer1.0.conv1.weight" },
	          { "resnet50.layer1.0.bn3.running_var", "body.layer1.0.bn3.running_var" },
	          { "resnet50.layer2.0.downsample.0.weight", "body.layer2.0.downsample.0.weight" },
	          { "resnet50.layer2.0.downsample.1.bias", "body.layer2.0.downsample.1.bias" },
	          { "resnet50.layer2.0.bn1.num_batches_tracked", "" },
	          { "resnet50.fc.weight", "" } });
}

TEST(Names, OfFeaturesAreNumbered)
{
	for (const std::string front : { "features.", "backbone.", "model.backbone.body.", "" })
		expectParameters(Family::Torchvision, front,
		                 { { front + "1.conv.0.0.weight", "body.1.conv.0.0.weight" },
		                   { front + "18.1.bias", "body.18.1.bias" },
		                   { "classifier.1.weight", "" } });
	expectParameters(Family::Torchvision, "features.",
	                 { { "features.28.weight", "body.28.weight" },
	                   { "features.0.bias", "body.0.bias" },
	                   { "classifier.0.weight", "" } });
	EXPECT_EQ(fm::parameterOf("features.18.0.weight"), "body.18.0.weight");
	EXPECT_EQ(fm::parameterOf("fpn.inner_blocks.0.0.bias"), "fpn.inner_blocks.0.0.bias");
}

TEST(Names, OfDetectron2AreTranslated)
{
	const std::string front = "model.backbone.";
	expectParameters(
		Family::Detectron2, front + "bottom_up.",
		{ { front + "bottom_up.stem.conv1.weight", "body.conv1.weight" },
	          { front + "bottom_up.stem.conv1.norm.running_mean", "body.bn1.running_mean" },
	          { front + "bottom_up.stem.fc.weight", "" },
	          { front + "bottom_up.res2.0.conv1.weight", "body.layer1.0.conv1.weight" },
	          { front + "bottom_up.res4.22.conv3.norm.bias", "body.layer3.22.bn3.bias" },
	          { front + "bottom_up.res5.0.shortcut.weight",
	            "body.layer4.0.downsample.0.weight" },
	          { front + "bottom_up.res5.0.shortcut.norm.weight",
	            "body.layer4.0.downsample.1.weight" },
	          { front + "fpn_lateral2.weight", "fpn.inner_blocks.0.0.weight" },
	          { front + "fpn_lateral5.norm.bias", "fpn.inner_blocks.3.1.bias" },
	          { front + "fpn_output3.bias", "fpn.layer_blocks.1.0.bias" },
	          { "model.proposal_generator.rpn_head.conv.weight", "" } });
	expectParameters(
		Family::Detectron2, "backbone.bottom_up.",
		{ { "backbone.bottom_up.res2.0.conv1.weight", "body.layer1.0.conv1.weight" },
	          { "backbone.fpn_lateral3.weight", "fpn.inner_blocks.0.0.weight" },
	          { "backbone.fpn_output5.weight", "fpn.layer_blocks.2.0.weight" },
	          { "backbone.top_block.p6.weight", "fpn.extra_blocks.p6.weight" } });
	expectParameters(Family::Detectron2, "",
	                 { { "res2.0.conv1.weight", "body.layer1.0.conv1.weight" },
	                   { "stem.conv1.norm.weight", "body.bn1.weight" } });
}

/* R50-C4: the last stage is in the heads. */
TEST(Names, OfDetectron2sLastStageMayStandInTheHeads)
{
	for (const std::string front : { "", "model." })
		expectParameters(
			Family::Detectron2, front + "backbone.",
			{ { front + "backbone.res2.0.conv1.weight", "body.layer1.0.conv1.weight" },
		          { front + "roi_heads.res5.2.conv3.norm.weight",
		            "body.layer4.2.bn3.weight" },
		          { front + "roi_heads.box_predictor.cls_score.weight", "" },
		          { front + "roi_heads.res4.0.conv1.weight", "" } });
}

TEST(Names, OfMMDetectionAreTranslated)
{
	for (const std::string front : { "", "state_dict.", "state_dict.module." })
		expectParameters(
			Family::MMDetection, front + "backbone.",
			{ { front + "backbone.layer1.0.conv1.weight",
		            "body.layer1.0.conv1.weight" },
		          { front + "backbone.layer4.0.downsample.1.running_var",
		            "body.layer4.0.downsample.1.running_var" },
		          { front + "neck.lateral_convs.0.conv.weight",
		            "fpn.inner_blocks.0.0.weight" },
		          { front + "neck.lateral_convs.1.conv.weight",
		            "fpn.inner_blocks.1.0.weight" },
		          { front + "neck.lateral_convs.2.conv.weight",
		            "fpn.inner_blocks.2.0.weight" },
		          { front + "neck.lateral_convs.2.bn.weight",
		            "fpn.inner_blocks.2.1.weight" },
		          { front + "neck.fpn_convs.2.conv.weight", "fpn.layer_blocks.2.0.weight" },
		          { front + "neck.fpn_convs.3.conv.weight", "fpn.extra_blocks.p6.weight" },
		          { front + "neck.fpn_convs.4.conv.bias", "fpn.extra_blocks.p7.bias" },
		          { front + "bbox_head.cls_convs.0.conv.weight", "" } });
}

TEST(Names, OfNoBackboneAreNotFound)
{
	EXPECT_TRUE(find({ "layer1.0.conv2.weight", "blocks.0.attn.qkv.weight", "", "7",
	                   "mylayer1.0.conv1.weight", "features.11.conv.0.0.weight" })
	                    .empty());
	EXPECT_TRUE(find({}).empty());
}

TEST(Names, OfEveryBackboneAreFoundOnceInTheFilesOrder)
{
	const auto all =
		find({ "teacher.layer1.0.conv1.weight", "teacher.layer4.0.conv1.weight",
	               "student.backbone.bottom_up.res2.0.conv1.weight",
	               "net.features.1.conv.0.0.weight", "teacher.layer1.0.conv1.weight" });
	ASSERT_EQ(all.size(), 3);
	EXPECT_EQ(all[0].prefix(), "teacher.");
	EXPECT_EQ(all[0].parameter("student.layer1.0.conv1.weight"), "");
	EXPECT_EQ(all[1].prefix(), "student.backbone.bottom_up.");
	EXPECT_EQ(all[1].front(), "student.");
	EXPECT_EQ(all[2].prefix(), "net.features.");
}

/* Each is compared with every network. */
TEST(Names, OfBackbonesBeyondSixteenAreLeft)
{
	std::vector<std::string> many;
	for (int i = 0; i < 1000; ++i)
		many.push_back(std::to_string(i) + ".layer1.0.conv1.weight");
	EXPECT_EQ(find(many).size(), 16);
}

TEST(Names, OfTensorsThatCannotBeReadAreNamesToo)
{
	const std::vector<fm::UnreadTensor> unread = { { "net.layer1.0.conv1.weight",
		                                         "quantised" } };
	const auto all = StateNames::find({}, unread);
	ASSERT_EQ(all.size(), 1);
	EXPECT_EQ(all[0].prefix(), "net.");
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
