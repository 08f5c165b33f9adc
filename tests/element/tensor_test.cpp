/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Maps as tensors: what is in them, and what they are said to be. */
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tensorbranch.h"
#include "weights.h"

namespace {

constexpr int channelsOfC3 = 32;
constexpr int channelsOfC4 = 96;

class Tensors : public AnyInFlight
{
};
INSTANTIATE_TEST_SUITE_P(InFlight, Tensors, AnyInFlight::counts(), AnyInFlight::name);

std::string trained(const std::string &properties = "precision=float32")
{
	return weightsProperty(Weights::path("good.pth")) + " " + properties;
}

/* What torchvision makes of the first frame of Views. */
class Reference
{
public:
	Reference()
	{
		std::string name = std::filesystem::temp_directory_path() / "featuremosaic-XXXXXX";
		if (!mkdtemp(name.data()))
			throw std::runtime_error("no temporary folder");
		folder_ = name;
		const Views views;
		const Bytes bytes = bytesOf(views.frame(0, 0).get());
		std::ofstream(folder_ / "frame.rgb", std::ios::binary)
			.write(reinterpret_cast<const char *>(bytes.data()),
		               static_cast<std::streamsize>(bytes.size()));
		const std::string command =
			std::string("'") + std::getenv("FM_PYTHON") + "' '" +
			std::getenv("FM_SOURCE_ROOT") + "/tests/element/tensor_reference.py' '" +
			name + "' '" + Weights::path("good.pth") + "' " +
			std::to_string(Views::width) + " " + std::to_string(Views::height);
		if (std::system(command.c_str()) != 0)
			throw std::runtime_error("tensor_reference.py failed");
	}
	~Reference() { std::filesystem::remove_all(folder_); }
	Reference(const Reference &) = delete;
	Reference &operator=(const Reference &) = delete;

	/* All maps of a level, one behind the other. */
	static std::vector<float> maps(const std::string &level)
	{
		static const Reference reference;
		const auto path = reference.folder_ / (level + ".f32");
		std::vector<float> values(std::filesystem::file_size(path) / sizeof(float));
		std::ifstream(path, std::ios::binary)
			.read(reinterpret_cast<char *>(values.data()),
		              static_cast<std::streamsize>(values.size() * sizeof(float)));
		return values;
	}

private:
	std::filesystem::path folder_;
};

float magnitude(const std::vector<float> &values)
{
	float most = 0;
	for (const float value : values)
		most = std::max(most, std::abs(value));
	return most;
}

/* Of the maps of \a level that are named, to within \a tolerance of the largest magnitude of all.
 */
void expectMaps(const std::vector<float> &values, const std::vector<int> &channels,
                const std::string &level, int available, float tolerance)
{
	const std::vector<float> all = Reference::maps(level);
	const std::size_t size = all.size() / available;
	ASSERT_EQ(values.size(), channels.size() * size);
	float worst = 0;
	for (std::size_t k = 0; k < channels.size(); ++k)
		for (std::size_t i = 0; i < size; ++i) {
			const float error =
				std::abs(values[k * size + i] - all[channels[k] * size + i]);
			/* What is not a number is wrong, too. */
			worst = std::isnan(error) ? INFINITY : std::max(worst, error);
		}
	EXPECT_LE(worst, tolerance * magnitude(all)) << level;
}

/* IEEE half precision, as its bits stand for it. */
float fromHalf(uint16_t bits)
{
	const int exponent = bits >> 10 & 31;
	const auto mantissa = static_cast<float>(bits & 1023);
	const float value = exponent == 0    ? std::ldexp(mantissa, -24)
	                    : exponent == 31 ? INFINITY
	                                     : std::ldexp(mantissa + 1024, exponent - 25);
	return (bits & 0x8000) != 0 ? -value : value;
}

std::vector<float> halves(const Tensor &tensor)
{
	std::vector<float> values;
	for (std::size_t i = 0; i < tensor.bytes.size(); i += 2)
		values.push_back(fromHalf(
			static_cast<uint16_t>(tensor.bytes[i] | tensor.bytes[i + 1] << 8)));
	return values;
}

/* One frame; the tensor of it. */
Tensor first(const std::string &properties, const std::string &settings, const char *caps = "ANY")
{
	Views views(properties);
	TensorBranch branch(views.element(), settings, "tensor_%u", caps);
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	return branch.tensor();
}

TEST_P(Tensors, HoldTorchvisionsFeatures)
{
	const Tensor tensor = first(trained() + " " + GetParam(), "level=c3 channels=all");
	EXPECT_EQ(tensor.format, "F32LE");
	EXPECT_EQ(tensor.level, "c3");
	EXPECT_EQ(tensor.channels, channelsOfC3);
	EXPECT_EQ(tensor.height, Views::height / 8);
	EXPECT_EQ(tensor.width, Views::width / 8);
	EXPECT_EQ(tensor.namedLevel, "c3");
	EXPECT_EQ(tensor.stride, 8);
	EXPECT_EQ(tensor.named, firstChannels(channelsOfC3));
	expectMaps(tensor.values(), tensor.named, "c3", channelsOfC3, 1e-4f);
}

TEST(TensorValues, AreOfTheChannelsThatAreNamedInTheirOrder)
{
	const std::vector<std::pair<std::string, std::vector<int>>> choices = {
		{ "0-11", firstChannels(12) },
		{ "7,95,3,40-42", { 7, 95, 3, 40, 41, 42 } },
		{ "5,5,0", { 5, 5, 0 } },
		{ "95", { 95 } },
	};
	for (const auto &[channels, expected] : choices) {
		const Tensor tensor = first(trained(), "level=c4 channels=" + channels);
		EXPECT_EQ(tensor.named, expected);
		EXPECT_EQ(tensor.channels, static_cast<int>(expected.size()));
		expectMaps(tensor.values(), expected, "c4", channelsOfC4, 1e-4f);
	}
}

TEST(TensorValues, AreThoseOfTwelveChannelsWhereNoneAreNamed)
{
	EXPECT_EQ(first("", "level=c3").named, firstChannels(12));
}

TEST(TensorValues, AreHalvesWhereThoseAreAskedFor)
{
	const Tensor tensor = first(trained(), "level=c3 channels=all",
	                            "application/x-feature-maps,format=F16LE");
	EXPECT_EQ(tensor.format, "F16LE");
	EXPECT_EQ(tensor.bytes.size(), channelsOfC3 * tensor.planeSize() * 2);
	expectMaps(halves(tensor), tensor.named, "c3", channelsOfC3, 1e-3f);
	EXPECT_EQ(first("", "level=c3", "application/x-feature-maps,format={F16LE,F32LE}").format,
	          "F32LE");
}

TEST(TensorValues, AreFloatsOfWhatIsComputedInHalfPrecision)
{
	/* Of noise torch's own maps in bfloat16 are 2.7 % off. */
	for (const auto &[precision, tolerance] :
	     { std::pair("float16", 1e-2f), std::pair("bfloat16", 3e-2f) }) {
		const Tensor tensor = first(trained(std::string("precision=") + precision),
		                            "level=c3 channels=31,0-4");
		EXPECT_EQ(tensor.format, "F32LE");
		expectMaps(tensor.values(), tensor.named, "c3", channelsOfC3, tolerance);
	}
}

/* A map of the whole level is known; which ones a ranked pad has its buffers tell. */
TEST_P(Tensors, NameTheChannelsThatAreRanked)
{
	Views views(GetParam());
	TensorBranch all(views.element(), "level=c3 channels=all");
	const char *choices[] = { "top:5", "var:4", "change:3", "random:6:9" };
	std::vector<std::unique_ptr<TensorBranch>> ranked;
	for (const char *channels : choices)
		ranked.push_back(std::make_unique<TensorBranch>(
			views.element(), std::string("level=c3 channels=") + channels));
	constexpr int frames = 25;
	for (int i = 0; i < frames; ++i)
		EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();

	const std::vector<Tensor> whole = all.tensors();
	ASSERT_EQ(whole.size(), std::size_t{ frames });
	const std::size_t counts[] = { 5, 4, 3, 6 };
	for (std::size_t k = 0; k < ranked.size(); ++k) {
		const std::vector<Tensor> tensors = ranked[k]->tensors();
		ASSERT_EQ(tensors.size(), std::size_t{ frames }) << choices[k];
		std::set<std::vector<int>> different;
		for (int i = 0; i < frames; ++i) {
			const Tensor &tensor = tensors[i];
			ASSERT_EQ(tensor.named.size(), counts[k]);
			ASSERT_EQ(tensor.pts, whole[i].pts);
			for (std::size_t place = 0; place < counts[k]; ++place)
				ASSERT_EQ(tensor.plane(place), whole[i].plane(tensor.named[place]))
					<< choices[k] << ", frame " << i;
			different.insert(tensor.named);
		}
		EXPECT_EQ(ranked[k]->count("caps"), 1) << choices[k];
		if (std::string(choices[k]).starts_with("var")) {
			EXPECT_GT(different.size(), 1u) << "noise never ranks the same";
		}
	}
}

TEST_P(Tensors, ChangeWithTheLevelAndTheChannels)
{
	Views views(std::string("level=c1 ") + GetParam());
	TensorBranch branch(views.element(), "level=c3 channels=0-3");
	const auto next = [&] {
		EXPECT_EQ(views.next(), GST_FLOW_OK);
		views.drain();
		return branch.tensor();
	};
	const auto expect = [&](const char *settings, const char *level, std::vector<int> channels,
	                        int divisor, long times) {
		setAll(views.element(), branch.name(), settings);
		const Tensor tensor = next();
		EXPECT_EQ(tensor.level, level) << settings;
		EXPECT_EQ(tensor.namedLevel, level) << settings;
		EXPECT_EQ(tensor.named, channels) << settings;
		EXPECT_EQ(tensor.channels, static_cast<int>(channels.size())) << settings;
		EXPECT_EQ(tensor.height, Views::height / divisor) << settings;
		EXPECT_EQ(tensor.width, Views::width / divisor) << settings;
		EXPECT_EQ(tensor.bytes.size(), channels.size() * tensor.planeSize() * 4);
		EXPECT_EQ(branch.count("caps"), times) << settings;
		EXPECT_EQ(branch.count("allocation"), times) << settings;
	};
	expect("", "c3", firstChannels(4), 8, 1);
	expect("", "c3", firstChannels(4), 8, 1);
	expect("channels=9,2,30,4", "c3", { 9, 2, 30, 4 }, 8, 1);
	expect("level=c4", "c4", { 9, 2, 30, 4 }, 16, 2);
	expect("channels=0-5", "c4", firstChannels(6), 16, 3);
	expect("level=c2", "c2", firstChannels(6), 4, 4);
	views.setInput(2 * Views::width, Views::height);
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	EXPECT_EQ(branch.tensor().width, 2 * Views::width / 4);
	EXPECT_EQ(branch.count("caps"), 5);
}

TEST_P(Tensors, HoldWhatIsFrozen)
{
	Views views(GetParam());
	TensorBranch branch(views.element(), "level=c3 channels=1-4");
	const auto next = [&] {
		EXPECT_EQ(views.next(), GST_FLOW_OK);
		views.drain();
		return branch.tensor();
	};
	next();
	const Tensor before = next();
	setAll(views.element(), branch.name(), "freeze=true");
	EXPECT_EQ(next().bytes, before.bytes);
	setAll(views.element(), branch.name(), "level=c4 channels=7");
	const Tensor held = next();
	EXPECT_EQ(held.bytes, before.bytes);
	EXPECT_EQ(held.level, "c3");
	EXPECT_EQ(held.named, before.named);
	EXPECT_NE(held.pts, before.pts) << "frames go on";
	EXPECT_EQ(branch.count("caps"), 1);
	setAll(views.element(), branch.name(), "freeze=false");
	const Tensor thawed = next();
	EXPECT_EQ(thawed.level, "c4");
	EXPECT_EQ(thawed.named, std::vector<int>{ 7 });
}

TEST_P(Tensors, AreRepeatedBetweenRunsOfTheNetwork)
{
	Views views(std::string("interval=3 ") + GetParam());
	TensorBranch branch(views.element(), "level=c3 channels=all");
	for (int i = 0; i < 6; ++i)
		EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	const auto tensors = branch.tensors();
	ASSERT_EQ(tensors.size(), 6u);
	for (const int i : { 1, 2, 4, 5 })
		EXPECT_EQ(tensors[i].bytes, tensors[i / 3 * 3].bytes) << i;
	EXPECT_NE(tensors[0].bytes, tensors[3].bytes);
}

/* The network runs once for all: what each shows is the same as without the others. */
TEST_P(Tensors, ComeBesidePictures)
{
	constexpr unsigned frames = 4;
	const std::string properties = std::string("level=c2 ") + GetParam();
	std::vector<Bytes> alone;
	{
		Views lone(properties);
		for (unsigned i = 0; i < frames; ++i)
			EXPECT_EQ(lone.next(), GST_FLOW_OK);
		lone.drain();
		while (const auto out = lone.pull())
			alone.push_back(bytesOf(out.get()));
	}
	std::vector<Tensor> tensorsAlone;
	{
		Views lone(properties);
		TensorBranch branch(lone.element(), "level=c4 channels=0-20");
		lone.unlinkSrc();
		for (unsigned i = 0; i < frames; ++i)
			EXPECT_EQ(lone.next(), GST_FLOW_OK);
		lone.drain();
		tensorsAlone = branch.tensors();
	}

	Views views(properties);
	Branch overlay(views.element());
	setAll(views.element(), overlay.name(), "view=overlay level=c3");
	TensorBranch branch(views.element(), "level=c4 channels=0-20");
	TensorBranch same(views.element(), "level=c2 channels=all");
	for (unsigned i = 0; i < frames; ++i)
		EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	std::vector<Bytes> pictures;
	while (const auto out = views.pull())
		pictures.push_back(bytesOf(out.get()));
	EXPECT_TRUE(pictures == alone);
	EXPECT_EQ(overlay.frames().size(), frames);
	const auto tensors = branch.tensors();
	ASSERT_EQ(tensors.size(), frames);
	ASSERT_EQ(tensorsAlone.size(), frames);
	for (unsigned i = 0; i < frames; ++i) {
		EXPECT_EQ(tensors[i].bytes, tensorsAlone[i].bytes);
		EXPECT_EQ(tensors[i].pts, i * 40 * GST_MSECOND);
		EXPECT_EQ(tensors[i].duration, 40 * GST_MSECOND);
	}
	EXPECT_EQ(same.tensors().size(), frames);
}

TEST(TensorBuffers, HaveTheFramesMetadata)
{
	Views views;
	TensorBranch branch(views.element(), "level=c2");
	Owned<GstBuffer> frame = views.frame(7, 1);
	GST_BUFFER_OFFSET(frame.get()) = 77;
	GST_BUFFER_FLAG_SET(frame.get(), GST_BUFFER_FLAG_DISCONT);
	gst_buffer_add_video_region_of_interest_meta(frame.get(), "thing", 1, 2, 3, 4);
	gst_buffer_add_reference_timestamp_meta(frame.get(), gst_caps_new_empty_simple("time/test"),
	                                        5, 6);
	GstBuffer *seen = nullptr;
	gst_pad_add_probe(
		branch.pad(), GST_PAD_PROBE_TYPE_BUFFER,
		[](GstPad *, GstPadProbeInfo *info, gpointer seen) {
			*static_cast<GstBuffer **>(seen) =
				gst_buffer_ref(GST_PAD_PROBE_INFO_BUFFER(info));
			return GST_PAD_PROBE_OK;
		},
		&seen, nullptr);
	EXPECT_EQ(views.push(std::move(frame)), GST_FLOW_OK);
	const Owned<GstBuffer> buffer(seen);
	ASSERT_TRUE(buffer);
	EXPECT_EQ(GST_BUFFER_OFFSET(seen), 77u);
	EXPECT_EQ(GST_BUFFER_PTS(seen), 280 * GST_MSECOND);
	EXPECT_TRUE(GST_BUFFER_FLAG_IS_SET(seen, GST_BUFFER_FLAG_DISCONT));
	EXPECT_TRUE(gst_buffer_get_reference_timestamp_meta(seen, nullptr));
	EXPECT_FALSE(gst_buffer_get_video_region_of_interest_meta_id(seen, 0))
		<< "tied to the pixels";
	/* What the meta tells goes with a copy. */
	const Owned<GstBuffer> copy(gst_buffer_copy(seen));
	EXPECT_TRUE(gst_buffer_get_custom_meta(copy.get(), "GstFeatureMapsMeta"));
}

TEST_P(Tensors, CostNothingWhereTheyAreNotLinked)
{
	Views views(std::string("level=c1 stats-interval=1 ") + GetParam());
	TensorBranch branch(views.element(), "level=c5 channels=all");
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	EXPECT_EQ(views.levels(), (Levels{ "c1", "c5" }));
	branch.unlink();
	g_usleep(2000);
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	EXPECT_EQ(views.levels(), Levels{ "c1" });
	branch.link();
	g_usleep(2000);
	EXPECT_EQ(views.next(), GST_FLOW_OK);
	views.drain();
	EXPECT_EQ(views.levels(), (Levels{ "c1", "c5" }));
	EXPECT_EQ(branch.tensors().size(), 2u);
}

} /* namespace */
