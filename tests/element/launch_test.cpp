/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "fixture.h"

namespace {

const std::string mosaicLine =
	"videotestsrc num-buffers=3 ! video/x-raw,width=96,height=64 ! featuremosaic "
	"backbone=mobilenet-v2 ";

/* Processes of their own, as a user starts them. */

class Folder
{
public:
	Folder()
	{
		std::string name = std::filesystem::temp_directory_path() / "featuremosaic-XXXXXX";
		if (!mkdtemp(name.data()))
			throw std::runtime_error("no temporary folder");
		path_ = name;
	}
	~Folder() { std::filesystem::remove_all(path_); }
	std::string operator/(const char *name) const { return path_ / name; }

private:
	std::filesystem::path path_;
};

struct Outcome {
	int status;
	std::string output; /* Standard output and error. */
};

Outcome run(const Folder &folder, const std::string &command)
{
	const std::string log = folder / "log";
	const int status = std::system(("timeout 120 " + command + " >'" + log + "' 2>&1").c_str());
	std::ifstream file(log);
	return { WIFEXITED(status) ? WEXITSTATUS(status) : -1,
		 { std::istreambuf_iterator<char>(file), {} } };
}

/* As gst-launch-1.0 ends after an ERROR or a failed start; not a crash, nor a hang. */
bool failed(const Outcome &outcome)
{
	return outcome.status == 1 || outcome.status == 255;
}

std::string launch(const std::string &pipeline)
{
	return "gst-launch-1.0 " + pipeline;
}

const char *firstMissing(std::initializer_list<const char *> elements)
{
	for (const char *name : elements) {
		GstElementFactory *factory = gst_element_factory_find(name);
		if (!factory)
			return name;
		gst_object_unref(factory);
	}
	return nullptr;
}

/* 20 frames of H.264, and the status of having made them. */
Outcome writeVideo(const Folder &folder)
{
	return run(folder, launch("videotestsrc num-buffers=20 pattern=ball ! "
	                          "video/x-raw,width=160,height=96,framerate=25/1 ! openh264enc ! "
	                          "h264parse ! mp4mux ! filesink location=" +
	                          (folder / "in.mp4")));
}

constexpr auto videoElements = { "openh264enc", "h264parse", "mp4mux", "qtdemux", "pngenc" };

TEST(Launch, AVideoFileBecomesAVideoFile)
{
	if (const char *missing = firstMissing(videoElements))
		GTEST_SKIP() << missing << " is not installed";
	const Folder folder;
	ASSERT_EQ(writeVideo(folder).status, 0);
	const Outcome made =
		run(folder, launch("filesrc location=" + (folder / "in.mp4") +
	                           " ! decodebin ! videoconvert ! featuremosaic "
	                           "backbone=mobilenet-v2 ! videoconvert ! openh264enc ! "
	                           "h264parse ! mp4mux ! filesink location=" +
	                           (folder / "out.mp4")));
	ASSERT_EQ(made.status, 0) << made.output;

	/* 20 frames of 160x(3 * 24) come back. */
	const Pipeline check("filesrc location=" + (folder / "out.mp4") +
	                     " ! decodebin ! videoconvert ! video/x-raw,format=RGB ! "
	                     "appsink name=sink sync=false");
	check.setState(GST_STATE_PLAYING);
	GstElement *sink = gst_bin_get_by_name(GST_BIN(check.element()), "sink");
	int frames = 0;
	while (true) {
		GstSample *sample = nullptr;
		g_signal_emit_by_name(sink, "try-pull-sample", 20 * GST_SECOND, &sample);
		if (!sample)
			break;
		const Owned<GstSample> owned(sample);
		GstVideoInfo info;
		gst_video_info_from_caps(&info, gst_sample_get_caps(sample));
		EXPECT_EQ(GST_VIDEO_INFO_WIDTH(&info), 160);
		EXPECT_EQ(GST_VIDEO_INFO_HEIGHT(&info), 72);
		++frames;
	}
	gst_object_unref(sink);
	EXPECT_EQ(frames, 20);
}

TEST(Launch, AVideoFileBecomesPictures)
{
	if (const char *missing = firstMissing(videoElements))
		GTEST_SKIP() << missing << " is not installed";
	const Folder folder;
	ASSERT_EQ(writeVideo(folder).status, 0);
	const Outcome made = run(folder, launch("filesrc location=" + (folder / "in.mp4") +
	                                        " ! decodebin ! videoconvert ! featuremosaic "
	                                        "backbone=resnet18-fpn level=p3 ! videoconvert ! "
	                                        "pngenc snapshot=true ! filesink location=" +
	                                        (folder / "out.png")));
	ASSERT_EQ(made.status, 0) << made.output;
	EXPECT_GT(std::filesystem::file_size(folder / "out.png"), 1000u);
}

TEST(Launch, AnErrorEndsItWithASentence)
{
	const Folder folder;
	const Outcome made = run(folder, launch(mosaicLine + "weights=/not/there.pth ! fakesink"));
	EXPECT_TRUE(failed(made)) << made.status;
	EXPECT_NE(made.output.find("/not/there.pth"), std::string::npos) << made.output;
}

/* Lines of the leak tracer on what was not freed. */
std::string leaks(const std::string &output)
{
	std::istringstream lines(output);
	std::string found;
	for (std::string line; std::getline(lines, line);)
		if (line.find("object-alive, type-name=(string)Gst") != std::string::npos)
			found += line + "\n";
	return found;
}

constexpr const char *traced =
	"env -u GST_LEAKS_TRACER_STACK_TRACE GST_TRACERS=leaks GST_DEBUG=GST_TRACER:7 ";

/* The tracer announces its lines as it starts: without this, no leak means nothing. */
bool wasTraced(const std::string &output)
{
	return output.find("new format string: object-alive") != std::string::npos;
}

TEST(Leaks, TheTracerFindsOne)
{
	const Folder folder;
	const std::string self =
		"'" + std::filesystem::read_symlink("/proc/self/exe").string() + "'";
	const Outcome made = run(folder, traced + self + " --leak-on-purpose");
	EXPECT_EQ(made.status, 0);
	EXPECT_TRUE(wasTraced(made.output));
	EXPECT_NE(leaks(made.output).find("leaked-on-purpose"), std::string::npos) << made.output;
}

TEST(Leaks, NoneAreLeftByAPipeline)
{
	const Folder folder;
	const Outcome good = run(folder, traced + launch(mosaicLine + "! videoconvert ! fakesink"));
	EXPECT_EQ(good.status, 0);
	EXPECT_TRUE(wasTraced(good.output));
	EXPECT_EQ(leaks(good.output), "");

	const Outcome bad =
		run(folder, traced + launch(mosaicLine + "weights=/not/there.pth ! fakesink"));
	EXPECT_TRUE(failed(bad)) << bad.status;
	EXPECT_TRUE(wasTraced(bad.output));
	EXPECT_EQ(leaks(bad.output), "");
}

TEST(Leaks, NoneAreLeftByTheOtherTests)
{
	const Folder folder;
	const std::string self =
		"'" + std::filesystem::read_symlink("/proc/self/exe").string() + "'";
	const Outcome made = run(folder, traced + self +
	                                         " --gtest_filter='Stream.*:LiveControl.*:"
	                                         "*Refused*:*NotNegotiated*:Errors.*:Life.Output*:"
	                                         "Life.AnElement*:*Pad*'");
	/* It has come to its end, whatever the tests found; a crash would hide what leaks. */
	EXPECT_TRUE(made.status == 0 || made.status == 1) << made.status;
	EXPECT_NE(made.output.find("OK ] Stream."), std::string::npos) << made.output;
	EXPECT_TRUE(wasTraced(made.output));
	EXPECT_EQ(leaks(made.output), "");
}

} /* namespace */

/* Once the plugin is in the registry, what does not use it does not load it, nor LibTorch. */
TEST(Registry, LetsOtherElementsBeWithoutThePlugin)
{
	const Folder folder;
	ASSERT_EQ(run(folder, "gst-inspect-1.0 featuremosaic").status, 0);
	const std::string listLoaded = "env GST_DEBUG=GST_PLUGIN_LOADING:4 ";
	const Outcome other = run(folder, listLoaded + "gst-inspect-1.0 identity");
	EXPECT_EQ(other.status, 0);
	EXPECT_NE(other.output.find("libgstcoreelements"), std::string::npos);
	EXPECT_EQ(other.output.find("libgstfeaturemosaic"), std::string::npos);
	const Outcome own = run(folder, listLoaded + "gst-inspect-1.0 featuremosaic");
	EXPECT_NE(own.output.find("libgstfeaturemosaic"), std::string::npos);
}
