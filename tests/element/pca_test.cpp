/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Principal components along a basis from a file. */
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "../safetensorsfile.h"
#include "branch.h"
#include "stream.h"
#include "views.h"

namespace {

namespace fs = std::filesystem;

constexpr int width = 256;
constexpr int height = 160;
/* Of MobileNetV2. */
constexpr int channelsOfC3 = 32;
constexpr int channelsOfC4 = 96;

/* Files with bases in a folder that goes with the test. */
class PcaFile : public testing::Test
{
protected:
	void SetUp() override
	{
		std::string name = fs::temp_directory_path() / "featuremosaic-pca-XXXXXX";
		ASSERT_NE(mkdtemp(name.data()), nullptr);
		folder_ = name;
		writeSafetensors(path("a"), someBasis("c3", channelsOfC3, 1));
		std::vector<WrittenTensor> tensors = someBasis("c3", channelsOfC3, 2);
		for (WrittenTensor &tensor : someBasis("c4", channelsOfC4, 3))
			tensors.push_back(std::move(tensor));
		writeSafetensors(path("b"), tensors);
		writeSafetensors(path("wide"), someBasis("c3", channelsOfC4));
		std::vector<WrittenTensor> infinite = someBasis("c3", channelsOfC3);
		infinite[0].values[3] = INFINITY;
		writeSafetensors(path("infinite"), infinite);
		std::ofstream(path("text")) << "This is no basis.\n";
	}
	void TearDown() override { fs::remove_all(folder_); }

	std::string path(const std::string &name) const { return folder_ / name; }

	/* As in a launch line. */
	std::string along(const std::string &name) const
	{
		return common() + "pca-basis=file pca-file=\"" + path(name) + "\" ";
	}
	static std::string common()
	{
		return weightsProperty(Weights::path("good.pth")) + " level=c3 view=pca ";
	}

	static Bytes picture(const std::string &properties, unsigned seed = 1)
	{
		Mosaic mosaic(properties);
		mosaic.setInput(width, height);
		return mosaic.picture(seed);
	}

	struct Wrong {
		const char *file;
		GQuark domain;
		int code;
		std::vector<std::string> sentence;
	};
	static std::vector<Wrong> wrongFiles()
	{
		return { { "", GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, { "pca-file" } },
			 { "absent",
			   GST_RESOURCE_ERROR,
			   GST_RESOURCE_ERROR_NOT_FOUND,
			   { "absent" } },
			 { "text", GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ, { "text" } },
			 { "wide",
			   GST_RESOURCE_ERROR,
			   GST_RESOURCE_ERROR_SETTINGS,
			   { "wide", "[3, 96]", "32 channels" } },
			 { "infinite",
			   GST_RESOURCE_ERROR,
			   GST_RESOURCE_ERROR_SETTINGS,
			   { "infinite", "c3.mean", "not finite" } } };
	}
	void setFile(const Mosaic &mosaic, const std::string &name) const
	{
		mosaic.set("pca-file", name.empty() ? "" : path(name).c_str());
	}
	static void expectIs(const Report &report, const Wrong &wrong)
	{
		EXPECT_TRUE(report.is(wrong.domain, wrong.code))
			<< g_quark_to_string(report.domain) << " " << report.code;
		for (const std::string &part : wrong.sentence)
			EXPECT_NE(report.sentence.find(part), std::string::npos)
				<< "'" << part << "' is not in '" << report.sentence << "'";
	}

private:
	fs::path folder_;
};

std::size_t colorsOf(const Bytes &rgb)
{
	std::set<std::array<uint8_t, 3>> colors;
	for (std::size_t i = 0; i + 2 < rgb.size(); i += 3)
		colors.insert({ rgb[i], rgb[i + 1], rgb[i + 2] });
	return colors.size();
}

} /* namespace */

TEST_F(PcaFile, MayBeChosenWhilePlaying)
{
	const Bytes ofA = picture(along("a"));
	const Bytes ofB = picture(along("b"));
	EXPECT_GT(colorsOf(ofA), 50u);
	EXPECT_NE(ofA, ofB);
	EXPECT_NE(ofA, picture(common()));

	Mosaic mosaic(common());
	mosaic.setInput(width, height);
	mosaic.picture(5);
	mosaic.countEvents(GST_EVENT_CAPS);
	mosaic.messages(GST_MESSAGE_ANY);
	setFile(mosaic, "a");
	mosaic.set("pca-basis", "file");
	EXPECT_EQ(mosaic.get("pca-file"), path("a"));
	EXPECT_EQ(mosaic.picture(), ofA) << "whatever came before";
	setFile(mosaic, "b");
	EXPECT_EQ(mosaic.picture(), ofB);
	mosaic.picture(6);
	setFile(mosaic, "a");
	EXPECT_EQ(mosaic.picture(), ofA);
	mosaic.set("level", "c4");
	mosaic.set("pca-file", path("b").c_str());
	EXPECT_EQ(mosaic.picture(), picture(along("b") + "level=c4"));
	mosaic.set("pca-basis", "first");
	mosaic.set("level", "c3");
	EXPECT_EQ(mosaic.picture(), picture(common() + "pca-basis=first"));
	EXPECT_EQ(mosaic.countEvents(GST_EVENT_CAPS), 0);
	EXPECT_TRUE(mosaic.messages(GST_MESSAGE_ANY).empty());
}

TEST_F(PcaFile, ThatIsWrongLeavesThePictureAsItWasWithAWarning)
{
	const Bytes before = picture(along("a"));
	Mosaic mosaic(along("a"));
	mosaic.setInput(width, height);
	EXPECT_EQ(mosaic.picture(), before);
	mosaic.messages(GST_MESSAGE_ANY);
	for (const Wrong &wrong : wrongFiles()) {
		setFile(mosaic, wrong.file);
		for (int i = 0; i < 3; ++i)
			EXPECT_EQ(mosaic.picture(), before) << wrong.file << " frame " << i;
		const auto warnings = mosaic.reports(GST_MESSAGE_WARNING);
		ASSERT_EQ(warnings.size(), 1u) << "one for the mistake, not one for each frame";
		expectIs(warnings[0], wrong);
		/* Other frames have other pictures yet, and another size is one. */
		EXPECT_EQ(mosaic.picture(2), picture(along("a"), 2));
		mosaic.setInput(96, 64);
		EXPECT_EQ(mosaic.picture().size(), 96u * 64 * 3);
		mosaic.setInput(width, height);
		EXPECT_EQ(mosaic.picture(), before);
	}
	setFile(mosaic, "b");
	EXPECT_EQ(mosaic.picture(), picture(along("b")));
	EXPECT_TRUE(mosaic.messages(GST_MESSAGE_WARNING | GST_MESSAGE_ERROR).empty());
}

TEST_F(PcaFile, WithoutTheLevelLeavesThePictureAsItWas)
{
	Mosaic mosaic(along("a"));
	mosaic.setInput(width, height);
	const Bytes before = mosaic.picture();
	mosaic.messages(GST_MESSAGE_ANY);
	mosaic.set("level", "c4");
	EXPECT_EQ(mosaic.picture(), before);
	const auto warnings = mosaic.reports(GST_MESSAGE_WARNING);
	ASSERT_EQ(warnings.size(), 1u);
	EXPECT_NE(warnings[0].sentence.find("level c4, but for c3"), std::string::npos)
		<< warnings[0].sentence;
	/* That the file has nothing to do with. */
	mosaic.set("view", "mosaic");
	EXPECT_EQ(mosaic.picture(), picture(along("a") + "view=mosaic level=c4"));
	EXPECT_TRUE(mosaic.messages(GST_MESSAGE_WARNING | GST_MESSAGE_ERROR).empty());
}

TEST_F(PcaFile, ThatIsWrongAtStartIsAnErrorThatCanBeRepaired)
{
	for (const Wrong &wrong : wrongFiles()) {
		const std::string file = *wrong.file ? "pca-file=\"" + path(wrong.file) + "\"" : "";
		const Pipeline pipeline("videotestsrc num-buffers=3 ! "
		                        "video/x-raw,width=96,height=64 ! "
		                        "featuremosaic name=mosaic pca-basis=file " +
		                        common() + file + " ! fakesink");
		EXPECT_EQ(pipeline.setState(GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
		const Owned<GstMessage> message =
			pipeline.wait(GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
		ASSERT_TRUE(message);
		ASSERT_EQ(GST_MESSAGE_TYPE(message.get()), GST_MESSAGE_ERROR);
		expectIs(reportOf(message.get()), wrong);

		pipeline.setState(GST_STATE_NULL);
		gst_bus_set_flushing(pipeline.bus(), TRUE);
		gst_bus_set_flushing(pipeline.bus(), FALSE);
		pipeline.set("mosaic", "pca-file", path("a"));
		const auto error = pipeline.play();
		EXPECT_FALSE(error) << error->sentence;
	}
}

TEST_F(PcaFile, IsOfUseAfterItIsGone)
{
	Mosaic mosaic(along("a"));
	mosaic.setInput(width, height);
	const Bytes before = mosaic.picture();
	const Bytes linear = picture(along("a") + "interpolation=linear");
	mosaic.messages(GST_MESSAGE_ANY);
	fs::remove(path("a"));
	mosaic.set("interpolation", "linear");
	EXPECT_EQ(mosaic.picture(), linear);
	mosaic.setInput(96, 64);
	EXPECT_EQ(mosaic.picture().size(), 96u * 64 * 3);
	mosaic.setInput(width, height);
	mosaic.set("interpolation", "nearest");
	EXPECT_EQ(mosaic.picture(), before);
	EXPECT_TRUE(mosaic.messages(GST_MESSAGE_WARNING | GST_MESSAGE_ERROR).empty());
}

TEST_F(PcaFile, WithAnotherContentIsReadWithTheNextSetting)
{
	Mosaic mosaic(along("a"));
	mosaic.setInput(width, height);
	const Bytes before = mosaic.picture();
	const Bytes after = picture(along("b"));
	fs::rename(path("b"), path("a"));
	EXPECT_EQ(mosaic.picture(), before) << "no file is looked at for a frame";
	mosaic.set("gap", "1"); /* Of no meaning for one tile. */
	EXPECT_EQ(mosaic.picture(), after);
}

TEST_F(PcaFile, TakesEffectWhileTheNetworkRests)
{
	Mosaic mosaic(along("a") + "interval=1000");
	mosaic.setInput(width, height);
	mosaic.picture();
	setFile(mosaic, "b");
	EXPECT_EQ(mosaic.picture(), picture(along("b")));
}

TEST_F(PcaFile, LeavesAFrozenPictureUntilItIsReleased)
{
	Mosaic mosaic(along("a"));
	mosaic.setInput(width, height);
	const Bytes before = mosaic.picture();
	mosaic.set("freeze", "true");
	setFile(mosaic, "b");
	EXPECT_EQ(mosaic.picture(2), before);
	mosaic.set("freeze", "false");
	EXPECT_EQ(mosaic.picture(2), picture(along("b"), 2));
}

TEST_F(PcaFile, IsDrawnAsNormalizeSays)
{
	/* The default is that of two deviations to either side. */
	const Bytes drawn = picture(along("a"));
	EXPECT_EQ(drawn, picture(along("a") + "normalize=fixed range-min=-2 range-max=2"));
	EXPECT_EQ(drawn, picture(along("a") + "range-min=5 range-max=6"));
	EXPECT_NE(drawn, picture(along("a") + "normalize=fixed range-min=-3 range-max=3"));
	EXPECT_NE(drawn, picture(along("a") + "normalize=robust"));
}

TEST_F(PcaFile, StaysWithOtherWeights)
{
	const std::string other = Weights::path("other.pth");
	Stream stream(Weights::path("good.pth"),
	              "level=c3 view=pca pca-basis=file pca-file=\"" + path("a") + "\"");
	stream.mosaic.setInput(width, height);
	stream.push(2);
	stream.mosaic.messages(GST_MESSAGE_ANY);
	stream.mosaic.set("weights", other.c_str());
	EXPECT_EQ(stream.pushUntilModel(), other);
	stream.push(2);
	expectChange(stream.pictures(), picture(along("a")),
	             picture(along("a") + weightsProperty(other)));
}

TEST_F(PcaFile, IsEachPadsOwn)
{
	Views views(common() + "pca-basis=file pca-file=\"" + path("a") + "\"");
	Branch branch(views.element());
	setAll(views.element(), branch.name(),
	       "level=c3 view=pca pca-basis=file pca-file=" + path("b"));
	const auto expected = [&](const std::string &name) {
		Views alone(along(name));
		EXPECT_EQ(alone.next(), GST_FLOW_OK);
		return bytesOf(alone.pull().get());
	};
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	EXPECT_EQ(bytesOf(views.pull().get()), expected("a"));
	EXPECT_EQ(branch.frames().at(0).bytes, expected("b"));
}

TEST_F(PcaFile, MayBeSetFromAnyThread)
{
	Mosaic mosaic(along("a"));
	mosaic.setInput(64, 48);
	std::atomic<bool> stop = false;
	std::thread setter([&] {
		const char *files[] = { "a", "b", "absent", "wide", "text" };
		const char *levels[] = { "c3", "c4" };
		const char *bases[] = { "file", "running", "first" };
		for (unsigned i = 0; !stop; ++i) {
			setFile(mosaic, files[i % 5]);
			mosaic.set("level", levels[i / 5 % 2]);
			mosaic.set("pca-basis", bases[i / 7 % 3]);
			std::this_thread::yield();
		}
	});
	for (unsigned i = 0; i < 200; ++i)
		EXPECT_TRUE(mosaic.process(i)) << "frame " << i;
	stop = true;
	setter.join();
	for (const Report &error : mosaic.reports(GST_MESSAGE_ERROR))
		ADD_FAILURE() << error.sentence;
	mosaic.set("pca-basis", "file");
	mosaic.set("level", "c3");
	setFile(mosaic, "a");
	mosaic.setInput(width, height);
	EXPECT_EQ(mosaic.picture(), picture(along("a")));
}
