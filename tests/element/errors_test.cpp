/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cstdlib>
#include <filesystem>
#include <ostream>

#include "fixture.h"
#include "weights.h"

namespace {

std::string launchLine(const std::string &properties, const char *backbone = "mobilenet-v2")
{
	return std::string("videotestsrc num-buffers=3 ! video/x-raw,width=96,height=64 ! "
	                   "featuremosaic name=mosaic backbone=") +
	       backbone + " " + properties + " ! fakesink";
}

void expectContains(const std::string &text, const std::vector<std::string> &parts)
{
	for (const std::string &part : parts)
		EXPECT_NE(text.find(part), std::string::npos)
			<< "'" << part << "' is not in '" << text << "'";
}

/* Without \a property, which was at fault, or with \a value, the same pipeline plays. */
void expectRepairable(const Pipeline &pipeline, const char *property, const std::string &value)
{
	pipeline.setState(GST_STATE_NULL);
	gst_bus_set_flushing(pipeline.bus(), TRUE);
	gst_bus_set_flushing(pipeline.bus(), FALSE);
	pipeline.set("mosaic", property, value);
	const auto error = pipeline.play();
	EXPECT_FALSE(error) << error->sentence;
}

struct BadFile {
	const char *file;
	int code; /* Of the resource domain. */
	std::vector<std::string> sentence;
};

std::ostream &operator<<(std::ostream &stream, const BadFile &bad)
{
	return stream << bad.file;
}

class BadWeights : public testing::TestWithParam<BadFile>
{
};

TEST_P(BadWeights, AreAnErrorThatCanBeRepaired)
{
	const BadFile &bad = GetParam();
	const std::string file = Weights::path(bad.file);
	const Pipeline pipeline(launchLine(weightsProperty(file)));
	EXPECT_EQ(pipeline.setState(GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
	const Owned<GstMessage> message =
		pipeline.wait(GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT | GST_MESSAGE_EOS);
	ASSERT_TRUE(message);
	ASSERT_EQ(GST_MESSAGE_TYPE(message.get()), GST_MESSAGE_ERROR);
	EXPECT_STREQ(GST_OBJECT_NAME(GST_MESSAGE_SRC(message.get())), "mosaic");

	const Report error = reportOf(message.get());
	EXPECT_TRUE(error.is(GST_RESOURCE_ERROR, bad.code))
		<< g_quark_to_string(error.domain) << " " << error.code;
	expectContains(error.sentence, { file });
	expectContains(error.sentence, bad.sentence);
	expectRepairable(pipeline, "weights", Weights::path("good.pth"));
}

INSTANTIATE_TEST_SUITE_P(
	Files, BadWeights,
	testing::Values(
		BadFile{ "not-there.pth", GST_RESOURCE_ERROR_NOT_FOUND, {} },
		BadFile{ "text.pth", GST_RESOURCE_ERROR_READ, {} },
		BadFile{ "empty.pth", GST_RESOURCE_ERROR_READ, {} },
		BadFile{ "folder.pth", GST_RESOURCE_ERROR_READ, {} },
		BadFile{ "header.pth", GST_RESOURCE_ERROR_READ, {} },
		BadFile{ "truncated.pth", GST_RESOURCE_ERROR_READ, {} },
		BadFile{ "nearlywhole.pth", GST_RESOURCE_ERROR_READ, {} },
		BadFile{ "resnet18.pth", GST_RESOURCE_ERROR_SETTINGS, { "mobilenet-v2" } },
		BadFile{ "missing2.pth",
                         GST_RESOURCE_ERROR_SETTINGS,
                         { "features.0.0.weight", "features.0.1.bias" } },
		BadFile{ "misshapen.pth",
                         GST_RESOURCE_ERROR_SETTINGS,
                         { "features.0.0.weight", "[32, 3, 5, 5]", "[32, 3, 3, 3]" } },
		BadFile{ "unexpected.pth", GST_RESOURCE_ERROR_SETTINGS, { "features.77.weight" } }),
	[](const auto &info) {
		std::string name = info.param.file;
		name.resize(name.find('.'));
		std::erase(name, '-');
		return name;
	});

TEST(Errors, OfManyMissingTensorsFiveAreNamedAndTheRestCounted)
{
	const Pipeline pipeline(launchLine(weightsProperty(Weights::path("missing7.pth"))));
	const auto error = pipeline.play();
	ASSERT_TRUE(error);
	int named = 0;
	for (const char *name :
	     { "features.0.0.weight", "features.0.1.bias", "features.1.conv.0.0.weight",
	       "features.5.conv.2.weight", "features.9.conv.3.running_var",
	       "features.14.conv.2.weight", "features.18.0.weight" })
		named += error->sentence.find(name) != std::string::npos;
	EXPECT_EQ(named, 5) << error->sentence;
	expectContains(error->sentence, { "2 more" });
}

TEST(Errors, AFifoForWeightsDoesNotHang)
{
	/* In a process of its own, since nothing could end a hang in this one. */
	const std::string command = "timeout 20 gst-launch-1.0 -q " +
	                            launchLine(weightsProperty(Weights::path("fifo.pth"))) +
	                            " >/dev/null 2>&1";
	const int status = std::system(command.c_str());
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_NE(WEXITSTATUS(status), 124) << "it hung";
	EXPECT_NE(WEXITSTATUS(status), 0);
}

struct BadStart {
	const char *test, *property, *bad, *good;
	std::vector<std::string> sentence;
};

class BadSettings : public testing::TestWithParam<BadStart>
{
};

TEST_P(BadSettings, AreAnErrorThatCanBeRepaired)
{
	const BadStart &bad = GetParam();
	const Pipeline pipeline(
		launchLine(std::string(bad.property) + "=" + bad.bad, "resnet18-fpn"));
	const auto error = pipeline.play();
	ASSERT_TRUE(error);
	EXPECT_TRUE(error->is(GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS))
		<< g_quark_to_string(error->domain) << " " << error->code;
	expectContains(error->sentence, bad.sentence);
	expectRepairable(pipeline, bad.property, bad.good);
}

INSTANTIATE_TEST_SUITE_P(
	AtStart, BadSettings,
	testing::Values(
		BadStart{ "Level", "level", "p9", "p4", { "p9", "p2", "p5", "pool", "c1" } },
		BadStart{ "Channels", "channels", "0-300", "0-255", { "0-300", "0-255", "p2" } },
		BadStart{ "Top", "channels", "top:257", "top:256", { "0-255" } },
		BadStart{ "Variance", "channels", "var:257", "var:256", { "0-255" } },
		BadStart{ "Random", "channels", "random:257:1", "random:256:1", { "0-255" } },
		BadStart{ "Difference", "view", "difference", "mosaic", { "compare-weights" } },
		BadStart{ "Columns", "columns", "100", "96", { "96", "100" } },
		BadStart{ "Gap", "gap", "90", "1", { "90" } }),
	[](const auto &info) { return std::string(info.param.test); });

class BadText : public testing::TestWithParam<BadStart>
{
};

TEST_P(BadText, IsRefusedAsItIsSet)
{
	const BadStart &bad = GetParam();
	const Pipeline pipeline(launchLine(std::string(bad.property) + "=" + bad.good));
	pipeline.set("mosaic", bad.property, bad.bad);
	const Owned<GstMessage> message = pipeline.wait(GST_MESSAGE_WARNING);
	ASSERT_TRUE(message);
	expectContains(reportOf(message.get()).sentence, bad.sentence);
	GstElement *element = gst_bin_get_by_name(GST_BIN(pipeline.element()), "mosaic");
	gchar *text = nullptr;
	g_object_get(element, bad.property, &text, nullptr);
	EXPECT_STREQ(text, bad.good);
	g_free(text);
	gst_object_unref(element);
	EXPECT_FALSE(pipeline.play());
}

INSTANTIATE_TEST_SUITE_P(
	Values, BadText,
	testing::Values(BadStart{ "Device", "device", "gpu", "cpu", { "gpu", "auto", "cuda:N" } },
                        BadStart{ "TwoMeans", "mean", "0.5,0.5", "0.5,0.4,0.3", { "'0.5,0.5'" } },
                        BadStart{ "NoMean", "mean", "1,2,x", "0,0,0", { "three numbers" } },
                        BadStart{ "FourMeans", "mean", "1,2,3,4", "0,0,0", { "three numbers" } },
                        BadStart{ "ZeroDeviation", "std", "1,0,1", "1,1,1", { "above 0" } }),
	[](const auto &info) { return std::string(info.param.test); });

TEST(Errors, CudaWhereThereIsNoneIsAnErrorAndNoFallback)
{
	if (std::filesystem::exists("/dev/nvidiactl") || g_getenv("FEATUREMOSAIC_CUDA_MODULE"))
		GTEST_SKIP() << "this machine has a CUDA device, or what stands in for one";
	for (const char *device : { "cuda", "cuda:1" }) {
		const Pipeline pipeline(launchLine(std::string("device=") + device));
		EXPECT_EQ(pipeline.setState(GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
		const Owned<GstMessage> message =
			pipeline.wait(GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT | GST_MESSAGE_EOS);
		ASSERT_TRUE(message);
		ASSERT_EQ(GST_MESSAGE_TYPE(message.get()), GST_MESSAGE_ERROR);
		const Report error = reportOf(message.get());
		EXPECT_EQ(error.domain, GST_RESOURCE_ERROR);
		expectContains(error.sentence, { device, "CUDA" });
		expectContains(error.debug, { "libcuda.so.1" });
		expectRepairable(pipeline, "device", "auto");
	}
}

TEST(Errors, ADeviceBeyondTheLastIsAnErrorThatNamesTheLast)
{
	if (!g_getenv("FEATUREMOSAIC_CUDA_MODULE"))
		GTEST_SKIP() << "needs what stands in for two CUDA devices";
	const Pipeline pipeline(launchLine("device=cuda:2"));
	EXPECT_EQ(pipeline.setState(GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
	const Owned<GstMessage> message = pipeline.wait(GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
	ASSERT_TRUE(message);
	const Report error = reportOf(message.get());
	EXPECT_EQ(error.domain, GST_RESOURCE_ERROR);
	expectContains(error.sentence, { "cuda:2", "cuda:1" });
	expectRepairable(pipeline, "device", "cuda:1");
}

TEST(Errors, ABufferTooSmallForItsCapsIsAnErrorAndTheNextOneWorks)
{
	for (const char *format : { "RGB", "NV12", "GRAY8" })
		for (const gsize size : { gsize{ 0 }, gsize{ 10 }, gsize{ 96 * 64 - 1 } }) {
			Mosaic mosaic;
			mosaic.setInput(96, 64, format);
			EXPECT_EQ(mosaic.push(Owned<GstBuffer>(
					  gst_buffer_new_allocate(nullptr, size, nullptr))),
			          GST_FLOW_ERROR);
			const auto errors = mosaic.reports(GST_MESSAGE_ERROR);
			ASSERT_EQ(errors.size(), 1u);
			EXPECT_EQ(errors[0].domain, GST_STREAM_ERROR);
			EXPECT_TRUE(mosaic.process(1));
		}
}

TEST(Errors, AVideoTooSmallForTheGridIsAnErrorThatNamesIt)
{
	Mosaic mosaic;
	mosaic.setInput(1, 1);
	EXPECT_LT(mosaic.push(mosaic.frame(0, 1)), GST_FLOW_OK);
	const auto errors = mosaic.reports(GST_MESSAGE_ERROR);
	ASSERT_FALSE(errors.empty());
	EXPECT_TRUE(errors[0].is(GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS));
	expectContains(errors[0].sentence, { "1", "4 columns" });

	mosaic.setInput(96, 64);
	EXPECT_TRUE(mosaic.process(1));
}

struct LevelInfo {
	int channels, stride;
	bool operator==(const LevelInfo &) const = default;
};

std::ostream &operator<<(std::ostream &stream, const LevelInfo &level)
{
	return stream << level.channels << " channels, stride " << level.stride;
}

struct Model {
	std::string backbone, device, precision;
	std::optional<std::string> weights;
	std::map<std::string, LevelInfo> levels;
	int messages = 0;
	int warnings = 0;
};

/* What the bus says of the model until the pipeline has prerolled. */
Model modelOf(const Pipeline &pipeline)
{
	Model model;
	pipeline.setState(GST_STATE_PAUSED);
	while (const Owned<GstMessage> message =
	               pipeline.wait(GST_MESSAGE_ELEMENT | GST_MESSAGE_WARNING | GST_MESSAGE_ERROR |
	                             GST_MESSAGE_ASYNC_DONE)) {
		if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_WARNING)
			++model.warnings;
		if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR)
			ADD_FAILURE() << reportOf(message.get()).sentence;
		if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR ||
		    GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ASYNC_DONE)
			break;
		const GstStructure *structure = gst_message_get_structure(message.get());
		if (!gst_structure_has_name(structure, "featuremosaic-model"))
			continue;

		++model.messages;
		model.backbone = gst_structure_get_string(structure, "backbone");
		model.device = gst_structure_get_string(structure, "device");
		model.precision = gst_structure_get_string(structure, "precision");
		if (const char *weights = gst_structure_get_string(structure, "weights"))
			model.weights = weights;
		const GValue *levels = gst_structure_get_value(structure, "levels");
		for (guint i = 0; i < gst_value_array_get_size(levels); ++i) {
			const GstStructure *level =
				gst_value_get_structure(gst_value_array_get_value(levels, i));
			LevelInfo &info = model.levels[gst_structure_get_string(level, "name")];
			gst_structure_get_int(level, "channels", &info.channels);
			gst_structure_get_int(level, "stride", &info.stride);
		}
	}
	return model;
}

TEST(Messages, OfTheModelDescribeMobileNet)
{
	const Model model = modelOf(Pipeline(launchLine("device=cpu")));
	EXPECT_EQ(model.messages, 1);
	EXPECT_EQ(model.backbone, "mobilenet-v2");
	EXPECT_EQ(model.device, "cpu");
	EXPECT_EQ(model.precision, "float32");
	EXPECT_FALSE(model.weights);
	EXPECT_EQ(model.warnings, 1) << "random weights";
	const std::map<std::string, LevelInfo> expected = {
		{ "c1", { 16, 2 } },  { "c2", { 24, 4 } },    { "c3", { 32, 8 } },
		{ "c4", { 96, 16 } }, { "c5", { 1280, 32 } },
	};
	EXPECT_EQ(model.levels, expected);
}

TEST(Messages, OfTheModelDescribeAResNetWithFpn)
{
	const Model model =
		modelOf(Pipeline(launchLine("device=cpu precision=bfloat16", "resnet18-fpn")));
	EXPECT_EQ(model.messages, 1);
	EXPECT_EQ(model.backbone, "resnet18-fpn");
	EXPECT_EQ(model.precision, "bfloat16");
	const std::map<std::string, LevelInfo> expected = {
		{ "c1", { 64, 2 } },     { "c2", { 64, 4 } },   { "c3", { 128, 8 } },
		{ "c4", { 256, 16 } },   { "c5", { 512, 32 } }, { "p2", { 256, 4 } },
		{ "p3", { 256, 8 } },    { "p4", { 256, 16 } }, { "p5", { 256, 32 } },
		{ "pool", { 256, 64 } },
	};
	EXPECT_EQ(model.levels, expected);
}

TEST(Messages, OfTheModelNameTheBackboneThatTheWeightsAreFor)
{
	const std::string file = Weights::path("resnet18.pth");
	const Model model = modelOf(Pipeline(launchLine(weightsProperty(file), "auto")));
	EXPECT_EQ(model.backbone, "resnet18");
	EXPECT_EQ(model.warnings, 0);
	EXPECT_EQ(model.levels.size(), 5u);
}

TEST(Messages, OfTheModelNameTheWeightsWithoutAWarning)
{
	const std::string file = Weights::path("good.pth");
	const Model model = modelOf(Pipeline(launchLine(weightsProperty(file))));
	EXPECT_EQ(model.weights, file);
	EXPECT_EQ(model.warnings, 0);
}

TEST(Messages, OfTheModelComeAgainOnEachStart)
{
	const Pipeline pipeline(launchLine(""));
	EXPECT_EQ(modelOf(pipeline).messages, 1);
	pipeline.setState(GST_STATE_NULL);
	EXPECT_EQ(modelOf(pipeline).messages, 1);
}

} /* namespace */
