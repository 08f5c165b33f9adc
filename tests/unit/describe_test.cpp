/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>

namespace {

struct Printed {
	std::string output; /* Standard output and error. */
	int status;
};

Printed describe(const std::string &arguments)
{
	const std::string command =
		std::string("'") + std::getenv("FM_DESCRIBE") + "' 2>&1 " + arguments;
	std::FILE *pipe = popen(command.c_str(), "r");
	Printed run;
	char part[4096];
	while (const std::size_t size = std::fread(part, 1, sizeof(part), pipe))
		run.output.append(part, size);
	run.status = WEXITSTATUS(pclose(pipe));
	return run;
}

bool holds(const std::string &text, const std::string &part)
{
	return text.find(part) != std::string::npos;
}

} /* namespace */

TEST(Describe, PrintsThePlanForWhatIsShown)
{
	const Printed run = describe("--level p5 --channels 0-11 --size 640x360");
	EXPECT_EQ(run.status, 0);
	EXPECT_TRUE(holds(run.output, "body.layer4.2.conv3"));
	EXPECT_TRUE(holds(run.output, "fpn.layer_blocks.3.0"));
	EXPECT_TRUE(holds(run.output, "12 of 256"));
	EXPECT_FALSE(holds(run.output, "fpn.inner_blocks.0"));
	EXPECT_TRUE(holds(run.output, "56 of 63 layers"));
}

TEST(Describe, PrintsLayersLevelsAndCounts)
{
	const Printed run = describe("--backbone resnet18-fpn --size 224x224");
	EXPECT_EQ(run.status, 0);
	EXPECT_TRUE(holds(run.output, "\n  body\n    conv1 "));
	EXPECT_TRUE(holds(run.output, "convolution 7x7 stride 2 padding 3, 3 -> 64\n"));
	EXPECT_TRUE(holds(run.output, "batch norm of 64, + body.layer1.0.conv2, ReLU\n"));
	EXPECT_TRUE(holds(run.output, "c2     body.layer1               64       4  56x56"));
	EXPECT_TRUE(holds(run.output, "parameters"));
	EXPECT_TRUE(holds(run.output, "multiply-adds for an input of 224x224"));
}

/* What fits, and what does not, is compared with torchvision's modules in parity/describe_test.py.
 */
TEST(Describe, OfWhatCannotBeReadSaysWhy)
{
	const std::string file = testing::TempDir() + "featuremosaic-describe.txt";
	std::ofstream(file) << "These are no weights.";
	const Printed text = describe("--weights '" + file + "'");
	std::remove(file.c_str());
	EXPECT_EQ(text.status, 2);
	EXPECT_TRUE(holds(text.output, "'" + file + "' is not a checkpoint"));

	const Printed nothing = describe("--json --weights not-there.pth");
	EXPECT_EQ(nothing.status, 2);
	EXPECT_TRUE(holds(nothing.output, "'not-there.pth' does not exist"));
}

TEST(Describe, PrintsTheDetailOfAnErrorOnALineOfItsOwn)
{
	const std::string file = testing::TempDir() + "featuremosaic-describe.pth";
	std::ofstream(file) << "\x80\x02\xff";
	const Printed run = describe("--weights '" + file + "' >/dev/null");
	std::remove(file.c_str());
	EXPECT_EQ(run.status, 2);
	EXPECT_TRUE(holds(run.output, "\n  pickle, byte 3")) << run.output;
}

TEST(Describe, OffersOnlyWhatItDescribes)
{
	const Printed help = describe("--help");
	EXPECT_TRUE(holds(help.output, "resnet50-fpn"));
	EXPECT_FALSE(holds(help.output, "torchscript"));
	EXPECT_TRUE(holds(describe("--backbone torchscript").output, "layers are not known"));
}

TEST(Describe, SaysWhereItsOutputCannotBeWritten)
{
	EXPECT_EQ(describe(">/dev/full").status, 2);
	EXPECT_EQ(describe("--json >/dev/full").status, 2);
}

TEST(Describe, RefusesWhatItDoesNotUnderstand)
{
	EXPECT_TRUE(holds(describe("--backbone vgg").output, "resnet50-fpn"));
	EXPECT_TRUE(holds(describe("--size 640").output, "640x360"));
	EXPECT_TRUE(holds(describe("--level p9 --size 64x64").output, "p9"));
	EXPECT_TRUE(holds(describe("--level p2").output, "--size"));
	for (const char *arguments :
	     { "--backbone vgg", "--size 640", "--size 0x4", "--size 64x64x",
	       "--level p9 --size 64x64", "--level p2", "--level p2 --channels 256 --size 64x64",
	       "--nonsense", "more" })
		EXPECT_EQ(describe(arguments).status, 2) << arguments;
}
