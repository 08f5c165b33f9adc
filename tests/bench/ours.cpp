/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * featuremosaic as one of the contestants of bench.py, which see for the protocol.
 *
 *   bench_ours KIND FRAMES WIDTH HEIGHT BACKBONE WEIGHTS [PROPERTY=VALUE ...]
 *
 * KIND is "element": appsrc ! featuremosaic ! appsink, with a pad and an appsink more for each
 * further level; "network": the network alone, on inputs made beforehand. FRAMES is a file of RGB
 * frames, or with format=NV12 of such ones. The other properties are the element's; the network
 * takes the precision and the preprocessing of them.
 */
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <c10/core/InferenceMode.h>
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>

#include "backbone/weights.h"
#include "frame/networkinput.h"
#include "profile.h"
#include "view/channels.h"

namespace {

using Bytes = std::vector<uint8_t>;

struct Clip {
	fm::Size size;
	bool isNv12;
	std::vector<Bytes> frames; /* No padding. */

	fm::Frame frame(std::size_t i)
	{
		Bytes &bytes = frames[i % frames.size()];
		if (!isNv12)
			return { fm::PixelFormat::Rgb,
				 size,
				 { { bytes.data(), 3 * size.width } },
				 {},
				 {} };
		/* What GStreamer takes for granted where caps name no colorimetry. */
		const bool isHd = size.height > 576;
		const std::ptrdiff_t luma = std::ptrdiff_t{ 1 } * size.width * size.height;
		return { fm::PixelFormat::Nv12,
			 size,
			 { { bytes.data(), size.width }, { bytes.data() + luma, size.width } },
			 isHd ? fm::Colorimetry{ 0.2126f, 0.0722f, false } : fm::Colorimetry{},
			 { isHd, false } };
	}
};

Clip readClip(const std::string &file, fm::Size size, bool isNv12)
{
	if (isNv12 && (size.width % 2 != 0 || size.height % 2 != 0))
		throw std::runtime_error("frames in NV12 have even sizes here");
	std::ifstream in(file, std::ios::binary);
	Clip clip = { size, isNv12, {} };
	const std::size_t pixels = std::size_t{ 1 } * size.width * size.height;
	Bytes frame(isNv12 ? pixels * 3 / 2 : pixels * 3);
	while (in.read(reinterpret_cast<char *>(frame.data()),
	               static_cast<std::streamsize>(frame.size())))
		clip.frames.push_back(frame);
	if (clip.frames.empty())
		throw std::runtime_error("no frames in " + file);
	return clip;
}

struct Settings {
	fm::BackboneKind backbone;
	std::string weights;
	std::vector<std::string> properties; /* "name=value" */

	std::string value(const std::string &name, const std::string &otherwise) const
	{
		for (const std::string &property : properties)
			if (property.starts_with(name + "="))
				return property.substr(name.size() + 1);
		return otherwise;
	}
	fm::PreprocessSettings preprocess() const
	{
		const std::string name = value("preprocess", "imagenet");
		return { name == "detection" ? fm::Preprocess::Detection
			 : name == "none"    ? fm::Preprocess::None
			                     : fm::Preprocess::ImageNet,
			 static_cast<unsigned>(std::stoi(value("min-size", "800"))),
			 static_cast<unsigned>(std::stoi(value("max-size", "1333"))) };
	}
};

/* One that draws 12 channels, or those that are asked for, of levels. */
class Contestant
{
public:
	virtual ~Contestant() = default;
	virtual void choose(const std::vector<std::string> &levels,
	                    const std::string &channels) = 0;
	/* The frames 0 to count - 1. */
	virtual void run(int count) = 0;
	/* The last frame's pictures, RGB, one behind the other. */
	virtual Bytes picture() { return {}; }
};

void check(bool holds, const char *what)
{
	if (!holds)
		throw std::runtime_error(what);
}

/* A frame that takes longer will not come. */
constexpr GstClockTime patience = 60 * GST_SECOND;

class Element : public Contestant
{
public:
	Element(Clip &clip, const Settings &settings) : clip_(clip)
	{
		std::string line =
			"appsrc name=in format=time max-bytes=0 ! featuremosaic name=mosaic "
			"qos=false backbone=" +
			std::string(fm::backboneName(settings.backbone));
		for (const std::string &property : settings.properties)
			if (!property.starts_with("format="))
				line += " " + property;
		pipeline_ = gst_parse_launch_full(line.c_str(), nullptr,
		                                  GST_PARSE_FLAG_FATAL_ERRORS, nullptr);
		check(pipeline_ != nullptr, "no pipeline");
		in_ = gst_bin_get_by_name(GST_BIN(pipeline_), "in");
		mosaic_ = gst_bin_get_by_name(GST_BIN(pipeline_), "mosaic");
		g_object_set(mosaic_, "weights", settings.weights.c_str(), nullptr);
		GstCaps *caps = gst_caps_new_simple(
			"video/x-raw", "format", G_TYPE_STRING, clip.isNv12 ? "NV12" : "RGB",
			"width", G_TYPE_INT, clip.size.width, "height", G_TYPE_INT,
			clip.size.height, "framerate", GST_TYPE_FRACTION, 25, 1, nullptr);
		gst_app_src_set_caps(GST_APP_SRC(in_), caps);
		gst_video_info_from_caps(&info_, caps);
		gst_caps_unref(caps);
		addBranch();
		check(gst_element_set_state(pipeline_, GST_STATE_PLAYING) !=
		              GST_STATE_CHANGE_FAILURE,
		      "the pipeline does not start");
	}

	~Element() override
	{
		gst_element_set_state(pipeline_, GST_STATE_NULL);
		while (!branches_.empty())
			removeBranch();
		for (GstElement *element : { in_, mosaic_, pipeline_ })
			gst_object_unref(element);
	}

	void choose(const std::vector<std::string> &levels, const std::string &channels) override
	{
		while (branches_.size() < levels.size())
			addBranch();
		while (branches_.size() > levels.size())
			removeBranch();
		for (std::size_t i = 0; i < levels.size(); ++i) {
			/* As many tiles as there are channels: what has no cell is not computed. */
			const auto set = [&](const char *property, const std::string &value) {
				gst_util_set_object_arg(G_OBJECT(branches_[i].pad), property,
				                        value.c_str());
			};
			set("columns", "0");
			set("rows", "0");
			set("labels", "false");
			set("channels", channels);
			set("level", levels[i]);
		}
	}

	/* The frames wait in appsrc, as they would behind a decoder. */
	void run(int count) override
	{
		for (int i = 0; i < count; ++i)
			push(i);
		for (int i = 0; i < count; ++i)
			for (Branch &branch : branches_) {
				branch.sample.reset(gst_app_sink_try_pull_sample(
					GST_APP_SINK(branch.sink), patience));
				check(branch.sample != nullptr, "the element gives no frame");
			}
	}

	void push(std::size_t frame)
	{
		Bytes &bytes = clip_.frames[frame % clip_.frames.size()];
		GstBuffer *buffer = gst_buffer_new_wrapped_full(GST_MEMORY_FLAG_READONLY,
		                                                bytes.data(), bytes.size(), 0,
		                                                bytes.size(), nullptr, nullptr);
		const int width = clip_.size.width;
		gsize offsets[4] = { 0, gsize{ 1 } * width * clip_.size.height };
		gint strides[4] = { clip_.isNv12 ? width : 3 * width, width };
		gst_buffer_add_video_meta_full(
			buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_INFO_FORMAT(&info_), width,
			clip_.size.height, GST_VIDEO_INFO_N_PLANES(&info_), offsets, strides);
		GST_BUFFER_PTS(buffer) = count_++ * GST_SECOND / 25;
		check(gst_app_src_push_buffer(GST_APP_SRC(in_), buffer) == GST_FLOW_OK,
		      "the element takes no frame");
	}

	Bytes picture() override
	{
		Bytes rgb;
		for (const Branch &branch : branches_)
			append(rgb, branch.sample.get());
		return rgb;
	}

private:
	struct Unref {
		void operator()(GstSample *sample) const { gst_sample_unref(sample); }
	};

	struct Branch {
		GstPad *pad;                              /* Of the element; holds a reference. */
		GstElement *sink;                         /* Of the pipeline. */
		std::unique_ptr<GstSample, Unref> sample; /* The last. */
	};

	void addBranch()
	{
		GstPad *pad = branches_.empty() ? gst_element_get_static_pad(mosaic_, "src")
		                                : gst_element_request_pad_simple(mosaic_, "src_%u");
		GstElement *sink = gst_element_factory_make("appsink", nullptr);
		check(pad != nullptr && sink != nullptr, "no further pad, or no appsink");
		GstCaps *caps =
			gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, "RGB", nullptr);
		/* One thread feeds all of them: none may wait for its first frame. */
		g_object_set(sink, "sync", FALSE, "async", FALSE, "caps", caps, nullptr);
		gst_caps_unref(caps);
		gst_bin_add(GST_BIN(pipeline_), sink);
		GstPad *peer = gst_element_get_static_pad(sink, "sink");
		check(gst_pad_link(pad, peer) == GST_PAD_LINK_OK, "a sink does not fit");
		gst_object_unref(peer);
		gst_element_sync_state_with_parent(sink);
		branches_.push_back({ pad, sink, nullptr });
	}

	void removeBranch()
	{
		const Branch &branch = branches_.back();
		if (branches_.size() > 1)
			gst_element_release_request_pad(mosaic_, branch.pad);
		gst_object_unref(branch.pad);
		gst_element_set_state(branch.sink, GST_STATE_NULL);
		gst_bin_remove(GST_BIN(pipeline_), branch.sink);
		branches_.pop_back();
	}

	static void append(Bytes &rgb, GstSample *sample)
	{
		GstVideoInfo info;
		GstVideoFrame frame;
		gst_video_info_from_caps(&info, gst_sample_get_caps(sample));
		check(gst_video_frame_map(&frame, &info, gst_sample_get_buffer(sample),
		                          GST_MAP_READ),
		      "the picture cannot be read");
		for (int y = 0; y < info.height; ++y) {
			const auto *row =
				static_cast<uint8_t *>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0)) +
				y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0);
			rgb.insert(rgb.end(), row, row + 3 * info.width);
		}
		gst_video_frame_unmap(&frame);
	}

	Clip &clip_;
	GstElement *pipeline_, *in_, *mosaic_;
	GstVideoInfo info_;
	std::vector<Branch> branches_; /* One for each level; the first is of "src". */
	guint64 count_ = 0;
};

class Network : public Contestant
{
public:
	Network(Clip &clip, const Settings &settings)
		: type_(settings.value("precision", "auto") == "bfloat16" ? at::kBFloat16
	                                                                  : at::kFloat),
		  backbone_(fm::loadBackbone(
				    { .backbone = settings.backbone, .weights = settings.weights },
				    at::TensorOptions(type_))
	                            .backbone)
	{
		for (std::size_t i = 0; i < clip.frames.size(); ++i)
			inputs_.push_back(
				fm::networkInput(clip.frame(i), settings.preprocess(), type_));
	}

	void choose(const std::vector<std::string> &levels, const std::string &channels) override
	{
		demand_.assign(backbone_->levels().size(), {});
		for (std::size_t i = 0; i < demand_.size(); ++i) {
			const fm::Level &level = backbone_->levels()[i];
			if (std::ranges::find(levels, level.name) != levels.end())
				demand_[i] = fm::ChannelSet(
						     fm::ChannelSelection::parse(channels).indices(
							     level.channels))
				                     .of(level.channels);
		}
	}

	void run(int count) override
	{
		const c10::InferenceMode inference;
		for (int i = 0; i < count; ++i)
			backbone_->forward(inputs_[i % inputs_.size()], demand_);
	}

private:
	c10::ScalarType type_;
	std::unique_ptr<fm::Backbone> backbone_;
	std::vector<at::Tensor> inputs_;
	fm::Demand demand_;
};

std::unique_ptr<Contestant> make(const std::string &kind, Clip &clip, const Settings &settings)
{
	if (kind == "element")
		return std::make_unique<Element>(clip, settings);
	check(kind == "network", "KIND is element or network");
	return std::make_unique<Network>(clip, settings);
}

fm::BackboneKind backboneOf(const std::string &name)
{
	if (name == fm::backboneName(fm::BackboneKind::MobileNetV2))
		return fm::BackboneKind::MobileNetV2;
	check(name == fm::backboneName(fm::BackboneKind::ResNet50Fpn),
	      "not a backbone that is compared");
	return fm::BackboneKind::ResNet50Fpn;
}

/* VmHWM of /proc/self/status, in KiB. */
std::string peakMemory()
{
	std::ifstream status("/proc/self/status");
	for (std::string word; status >> word;)
		if (word == "VmHWM:" && status >> word)
			return word;
	return "0";
}

std::vector<std::string> split(const std::string &text, char at)
{
	std::vector<std::string> parts;
	std::istringstream stream(text);
	for (std::string part; std::getline(stream, part, at);)
		parts.push_back(part);
	return parts;
}

/* Seconds from a frame to its picture, one at a time: the median. */
double latency(Contestant &contestant, int frames)
{
	using Clock = std::chrono::steady_clock;
	std::vector<double> seconds(frames);
	for (double &elapsed : seconds) {
		const auto start = Clock::now();
		contestant.run(1);
		elapsed = std::chrono::duration<double>(Clock::now() - start).count();
	}
	std::ranges::nth_element(seconds, seconds.begin() + frames / 2);
	return seconds[frames / 2];
}

void answer(Contestant &contestant, const std::vector<std::string> &command)
{
	const auto runFrames = [&](int frames) { contestant.run(frames); };
	if (command[0] == "choose") {
		contestant.choose(split(command[1], ','), command[2]);
		std::cout << "null" << std::endl;
	} else if (command[0] == "run") {
		using Clock = std::chrono::steady_clock;
		const auto start = Clock::now();
		const int frames = std::stoi(command[1]);
		contestant.run(frames);
		const std::chrono::duration<double> elapsed = Clock::now() - start;
		std::cout << elapsed.count() / frames << std::endl;
	} else if (command[0] == "picture") {
		contestant.run(1);
		const Bytes bytes = contestant.picture();
		std::ofstream(command[1], std::ios::binary)
			.write(reinterpret_cast<const char *>(bytes.data()),
		               static_cast<std::streamsize>(bytes.size()));
		std::cout << "null" << std::endl;
	} else if (command[0] == "latency") {
		std::cout << latency(contestant, std::stoi(command[1])) << std::endl;
	} else if (command[0] == "profile") {
		std::cout << timeByStage(runFrames) << std::endl;
	} else if (command[0] == "kernels") {
		std::cout << timeByKernel(runFrames) << std::endl;
	} else if (command[0] == "memory") {
		std::cout << peakMemory() << std::endl;
	} else {
		std::cout << "null" << std::endl;
	}
}

int serve(int argc, char **argv)
{
	check(argc >= 7,
	      "bench_ours KIND FRAMES WIDTH HEIGHT BACKBONE WEIGHTS [PROPERTY=VALUE ...]");
	const Settings settings = { backboneOf(argv[5]), argv[6], { argv + 7, argv + argc } };
	Clip clip = readClip(argv[2], { std::stoi(argv[3]), std::stoi(argv[4]) },
	                     settings.value("format", "RGB") == "NV12");
	const auto contestant = make(argv[1], clip, settings);
	std::cout << "\"ready\"" << std::endl;
	for (std::string line; std::getline(std::cin, line);) {
		std::istringstream words(line);
		std::vector<std::string> command;
		for (std::string word; words >> std::quoted(word);)
			command.push_back(word);
		answer(*contestant, command);
	}
	return 0;
}

} /* namespace */

int main(int argc, char **argv)
{
	gst_init(&argc, &argv);
	try {
		return serve(argc, argv);
	} catch (const std::exception &error) {
		std::cerr << "bench_ours: " << error.what() << "\n";
		return 1;
	}
}
