/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../scriptfolder.h"
#include "fixture.h"
#include "weights.h"

namespace {

constexpr int width = 96;
constexpr int height = 64;
constexpr int tileWidth = 32;
constexpr int tileHeight = 21;

std::string path(const std::string &name)
{
	static const ScriptFolder folder("element/make_scripts.py");
	return folder.path(name);
}

std::string moduleProperties(const std::string &name)
{
	return "backbone=torchscript " + weightsProperty(path(name)) + " ";
}

/* Values from 0 to 1 as levels of gray, which are then those of the frame. */
const std::string plainly = "preprocess=none precision=float32 normalize=fixed colormap=gray "
			    "labels=false channels=0-2 columns=3 rows=1 ";

/* The frame's channels side by side, of which every \a step -th value of every \a step -th row.
 * matplotlib's gray is one less for some levels. */
void expectChannels(const Bytes &picture, const Bytes &frame, int step)
{
	ASSERT_EQ(picture.size(), std::size_t{ 3 } * width * (tileHeight + 1));
	for (int y = 0; y < tileHeight; ++y)
		for (int x = 0; x < width; ++x) {
			const int channel = x / tileWidth;
			const int column = x % tileWidth * (width / step) / tileWidth * step;
			const int row = y * (height / step) / tileHeight * step;
			ASSERT_NEAR(picture[3 * (y * width + x)],
			            frame[3 * (row * width + column) + channel], 1)
				<< x << ", " << y;
		}
}

Report errorOf(const std::string &properties)
{
	const Pipeline pipeline("videotestsrc num-buffers=10 ! video/x-raw,width=96,height=64 ! "
	                        "featuremosaic channels=0-2 " +
	                        properties + " ! fakesink");
	const auto error = pipeline.play();
	EXPECT_TRUE(error) << "it played";
	return error.value_or(Report{});
}

void expectContains(const std::string &text, const std::vector<std::string> &parts)
{
	for (const std::string &part : parts)
		EXPECT_NE(text.find(part), std::string::npos)
			<< "'" << part << "' is not in '" << text << "'";
}

TEST(TorchScript, IsDrawnAsItsMapsAreLevelByLevel)
{
	Mosaic mosaic(moduleProperties("channels.pt") + plainly);
	mosaic.setInput(width, height);
	for (const auto &[level, step] :
	     { std::pair{ "", 1 }, std::pair{ "half", 2 }, std::pair{ "whole", 1 } }) {
		mosaic.set("level", level);
		for (unsigned seed = 1; seed < 4; ++seed)
			expectChannels(mosaic.picture(seed),
			               bytesOf(noise(mosaic.input(), seed).get()), step);
	}
	EXPECT_TRUE(mosaic.reports(GST_MESSAGE_ERROR).empty());
	EXPECT_TRUE(mosaic.reports(GST_MESSAGE_WARNING).empty());
}

TEST(TorchScript, GoesOnWithOtherSizesRankedChannelsAndAFreeze)
{
	Mosaic mosaic(moduleProperties("channels.pt") + plainly);
	mosaic.setInput(2 * width, 2 * height);
	EXPECT_FALSE(mosaic.picture().empty());
	mosaic.setInput(width, height);
	mosaic.set("channels", "top:2");
	EXPECT_FALSE(mosaic.picture().empty());
	mosaic.set("channels", "0-2");
	const Bytes shown = mosaic.picture(1);
	mosaic.set("freeze", "true");
	EXPECT_TRUE(mosaic.picture(2) == shown);
	mosaic.set("freeze", "false");
	expectChannels(mosaic.picture(3), bytesOf(noise(mosaic.input(), 3).get()), 1);
}

TEST(TorchScript, TellsTheLevelsOnTheBus)
{
	Mosaic mosaic(moduleProperties("channels.pt") + plainly);
	mosaic.setInput(width, height);
	std::string levels;
	for (const auto &message : mosaic.messages(GST_MESSAGE_ELEMENT)) {
		const GstStructure *structure = gst_message_get_structure(message.get());
		EXPECT_STREQ(gst_structure_get_string(structure, "backbone"), "torchscript");
		const GValue *list = gst_structure_get_value(structure, "levels");
		for (guint i = 0; i < gst_value_array_get_size(list); ++i) {
			const GstStructure *level =
				gst_value_get_structure(gst_value_array_get_value(list, i));
			int channels = 0;
			int stride = 0;
			gst_structure_get(level, "channels", G_TYPE_INT, &channels, "stride",
			                  G_TYPE_INT, &stride, nullptr);
			levels += std::string(gst_structure_get_string(level, "name")) + " " +
			          std::to_string(channels) + "/" + std::to_string(stride) + ", ";
		}
	}
	EXPECT_EQ(levels, "whole 3/1, half 3/2, ");
}

TEST(TorchScript, IsReplacedWhilePlaying)
{
	Mosaic mosaic(moduleProperties("channels.pt") + plainly);
	mosaic.setInput(width, height);
	mosaic.picture();
	mosaic.messages(GST_MESSAGE_ELEMENT);
	mosaic.set("weights", path("inverted.pt").c_str());
	for (int i = 0; i < 1000 && mosaic.messages(GST_MESSAGE_ELEMENT).empty(); ++i) {
		g_usleep(10000);
		mosaic.picture();
	}
	Bytes frame = bytesOf(noise(mosaic.input(), 5).get());
	for (uint8_t &value : frame)
		value = 255 - value;
	expectChannels(mosaic.picture(5), frame, 1);
}

TEST(TorchScript, NeedsAFileThatIsAModule)
{
	const Report without = errorOf("backbone=torchscript");
	EXPECT_TRUE(without.is(GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS));
	expectContains(without.sentence, { "weights" });
	const Report weights = errorOf(moduleProperties("weights.pth"));
	EXPECT_TRUE(weights.is(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS));
	expectContains(weights.sentence, { path("weights.pth"), "checkpoint", "torchscript" });
	const Report missing = errorOf(moduleProperties("missing.pt"));
	EXPECT_TRUE(missing.is(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND));
}

TEST(TorchScript, OfAnotherSizeIsAnErrorThatNamesBoth)
{
	const Report error = errorOf(moduleProperties("square.pt"));
	EXPECT_TRUE(error.is(GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS));
	expectContains(error.sentence,
	               { path("square.pt"), "only squares", "96x64", "256x256", "videoscale" });
}

TEST(TorchScript, ThatReturnsFewerLevelsInTheEndIsAnError)
{
	const Report error = errorOf(moduleProperties("forgetful.pt"));
	EXPECT_TRUE(error.is(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS));
	expectContains(error.sentence, { path("forgetful.pt"), "'same'" });
}

/* A program is run where that is asked for, and nowhere else. */
TEST(TorchScript, IsNotRunByTheOtherBackbones)
{
	for (const std::string backbone : { "auto", "resnet50-fpn" }) {
		const Report error = errorOf("backbone=" + backbone + " weights=\"" +
		                             path("channels.pt") + "\"");
		expectContains(error.sentence, { path("channels.pt"), "backbone=torchscript" });
	}
}

} /* namespace */
