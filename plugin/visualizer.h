/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backbone/level.h"
#include "backbone/settings.h"
#include "cudacontext.h"
#include "elementtype.h"
#include "frame/frame.h"
#include "frame/preprocess.h"
#include "frame/region.h"
#include "view/basisfile.h"
#include "view/composition.h"
#include "view/label.h"
#include "view/layout.h"
#include "view/levelstatistics.h"
#include "view/settings.h"
#include "view/shownpicture.h"
#include "view/tensorcontent.h"

namespace fm {

/**
 * \brief Memory of so many bytes on the host that a CUDA device reads and writes by itself
 *
 * For any thread, also when the Visualizer that it is from is gone. Throws Error OutOfMemory.
 */
using HostMemory = std::function<std::shared_ptr<void>(std::size_t bytes)>;

/** \brief What a network computes in; Tf32 is float32 with products rounded, on CUDA alone */
enum class Precision { Auto, Float32, Float16, BFloat16, Tf32 };

/** \brief What a user chose for the model; it lasts as long as a Visualizer */
struct ModelSettings : BackboneSettings {
	std::string device = "auto";
	Precision precision = Precision::Auto;
	PreprocessSettings preprocess; /**< But for its normalisation, which the two below are */
	/** \brief As channelValues() reads them; empty: those of the weights' family */
	std::string mean, deviation;
	/** \brief A checkpoint of the same backbone to compare with; empty: none */
	std::string compareWeights;
};

/** \brief What became of ModelSettings */
struct ModelInfo {
	std::string backbone;       /**< "resnet50-fpn" ... */
	std::string device;         /**< "cpu", "cuda:0" ... */
	std::string precision;      /**< "float32", "float16", "bfloat16" or "tf32" */
	std::string weights;        /**< The file; empty for random ones */
	std::string compareWeights; /**< The one to compare with; empty: none */
	std::vector<Level> levels;
	std::vector<std::string> warnings; /**< Sentences: on weights that are random ... */
};

/**
 * \brief What one view keeps from frame to frame; belongs to one output
 *
 * Another Visualizer on the same device may go on with it, once the frames before are drawn. It
 * starts anew where the level is another one; a frozen picture stays.
 */
class ViewState
{
public:
	ViewState();
	~ViewState();
	ViewState(ViewState &&) noexcept;
	ViewState &operator=(ViewState &&) noexcept;

	struct Data;

private:
	friend class FramePath;
	std::unique_ptr<Data> data_;
};

/** \brief One picture, or tensor, to make of a frame */
struct ViewPass {
	ViewState &state;
	const ViewSettings &settings; /**< Of Visualizer::complete(), and checked by its check() */
	const MosaicLayout &layout;   /**< Of the output's size; of no meaning for a tensor */
	/** \brief To draw into, from run() until draw() is done; for warmUp(), and for a tensor,
	 * without planes */
	Frame output = {};
	Caption caption = {};
	std::vector<std::string> titles = {}; /**< As a Panel's, for the layout's header */
};

/** \brief How many of the processors a step may use */
enum class Threads { One, All };

/** \brief One frame on its way through a Visualizer, which has to outlive it */
class FramePass
{
public:
	~FramePass();
	FramePass(FramePass &&) noexcept;
	FramePass &operator=(FramePass &&) noexcept;

	/** \brief Asks, before Visualizer::run(), for the statistics of what is shown of it */
	void measure();

	/**
	 * \brief Of each level shown, its channels that are; empty where measure() was not called
	 *
	 * Once Visualizer::draw() is done. A channel counts once, in however many tiles and views
	 * it is.
	 */
	std::vector<LevelStatistics> statistics() const;

	/** \brief What the view at \a index among those of Visualizer::run() shows; after that */
	const ShownMaps &shown(std::size_t index) const;

	/** \brief What the tensor is of that is the view at \a index among those of run(), after it
	 */
	const TensorContent &tensor(std::size_t index) const;

	struct Data;

private:
	friend class Visualizer;
	explicit FramePass(std::unique_ptr<Data> data);
	std::unique_ptr<Data> data_;
};

class FramePath;
class TensorMemoryUser;
struct Model;

/**
 * \brief A model on its device: one frame in, one picture or tensor for each view out
 *
 * The only way into the network and the drawing from outside; no user of it sees LibTorch. A frame
 * goes through begin(), convert(), run() and, for each view, draw() or write(). run() is for one
 * thread at a time; the others may meanwhile be at work on other frames.
 *
 * On a CUDA device convert() and run() leave the work to the device and return; draw() and write()
 * wait for it.
 */
class Visualizer
{
public:
	/** \throws Error BadSetting where \a device is none of "auto", "cpu", "cuda", "cuda:N" */
	static void checkDeviceName(const std::string &device);

	/** \throws Error NotFound, Unreadable, Mismatch (weights), NoDevice, OutOfMemory */
	explicit Visualizer(const ModelSettings &settings);
	~Visualizer();

	const ModelInfo &model() const;

	/**
	 * \brief \a settings with what the file that they name has for them, which \a file reads
	 *
	 * \throws Error as BasisFile does; BadSetting where they name none, or the model has no
	 * such level
	 */
	ViewSettings complete(ViewSettings settings, BasisFile &file) const;

	/** \throws Error BadSetting where the model has no such level, or the level no such
	 * channels; for a tensor also where they are more than the level has; Mismatch where what
	 * complete() read is for another level */
	void check(const ViewSettings &settings) const;

	/** \brief What the picture of \a settings is composed of for \a video; throws as check() */
	Composition composition(const ViewSettings &settings, Size video) const;

	/**
	 * \brief Makes the network ready for frames of \a frame pixels, shown as \a views
	 *
	 * LibTorch's first runs at a size are slow; they are done here. Not beside run().
	 * \throws Error
	 */
	void warmUp(Size frame, std::span<const ViewPass> views);

	/** \brief Whether frames in CUDA memory are taken and drawn, and of which context */
	std::optional<CudaContext> cudaContext() const;
	/** \brief The same for a model on \a device; none where it would be on the host */
	static std::optional<CudaContext> cudaContextOf(const std::string &device);
	/** \brief Frames that are best in flight at once */
	unsigned framesInFlight() const;
	/** \brief Whether run() leaves the network's work to a device, and returns */
	bool leavesWorkToDevice() const;
	/** \brief For frames that a device gets at by itself; empty where the model is on the host
	 */
	HostMemory hostMemory() const;

	/**
	 * \brief \a frame has to stay until all views are drawn: they may show it
	 *
	 * \a regions are what is marked on it.
	 */
	FramePass begin(const Frame &frame, std::span<const Region> regions = {});

	/**
	 * \brief Makes the network's input of the frame; left out, run() does it where needed
	 *
	 * \a threads is One for what goes on beside run(), which needs the processors.
	 */
	void convert(FramePass &pass, Threads threads = Threads::All) const;

	/**
	 * \brief Runs the network on the frame, and chooses what each view shows
	 *
	 * With \a repeat the maps of the frame before are shown again, where they suffice.
	 *
	 * \return Whether the network had to be prepared for the views, which takes its time
	 * \throws Error
	 */
	bool run(FramePass &pass, std::span<const ViewPass> views, bool repeat) const;

	/** \brief Draws the picture of the view at \a index among those of run(), to its output */
	void draw(FramePass &pass, std::size_t index, Threads threads = Threads::All) const;

	/**
	 * \brief Writes the tensor that is the view at \a index to \a values, in the place of
	 * draw()
	 *
	 * They are FramePass::tensor()'s, of \a type, without gaps.
	 */
	void write(FramePass &pass, std::size_t index, ElementType type, void *values,
	           Threads threads = Threads::All) const;

private:
	std::unique_ptr<TensorMemoryUser> memory_; /* First: all below uses it. */
	std::unique_ptr<Model> model_;
	std::unique_ptr<FramePath> path_;
};

/** \brief Sends what LibTorch would print on the standard error to \a handler; once a process */
void setWarningHandler(std::function<void(const std::string &)> handler);

} /* namespace fm */
