/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backbone/kind.h"
#include "backbone/level.h"
#include "frame/frame.h"
#include "frame/preprocess.h"
#include "view/layout.h"
#include "view/settings.h"

namespace fm {

enum class Precision { Auto, Float32, Float16, BFloat16 };

/** \brief What a user chose for the model; it lasts as long as a Visualizer */
struct ModelSettings {
	BackboneKind backbone = BackboneKind::ResNet50Fpn;
	std::string weights; /**< Empty: random, from a fixed seed */
	std::string device = "auto";
	Precision precision = Precision::Auto;
	PreprocessSettings preprocess;
	double bnEpsilon = 1e-5;
};

/** \brief What became of ModelSettings */
struct ModelInfo {
	std::string backbone;  /**< "resnet50-fpn" ... */
	std::string device;    /**< "cpu", "cuda:0" ... */
	std::string precision; /**< "float32", "float16" or "bfloat16" */
	std::string weights;   /**< The file; empty for random ones */
	std::vector<Level> levels;
	std::string warning; /**< A sentence on weights that are random, or empty */
};

/** \brief What one view keeps from frame to frame; belongs to one output */
class ViewState
{
public:
	ViewState();
	~ViewState();
	ViewState(ViewState &&) noexcept;
	ViewState &operator=(ViewState &&) noexcept;

private:
	friend class Visualizer;
	struct Data;
	std::unique_ptr<Data> data_;
};

/** \brief One picture to make of a frame */
struct ViewPass {
	ViewState &state;
	const ViewSettings &settings; /**< Checked by Visualizer::check() */
	const MosaicLayout &layout;   /**< Of the output's size */
	const Frame &output;
};

/**
 * \brief A model on its device: one frame in, one picture for each view out
 *
 * The only way into the network and the drawing from outside; no user of it sees LibTorch. May be
 * used from any thread, by one at a time.
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

	/** \throws Error BadSetting where the model has no such level, or the level no such
	 * channels */
	void check(const ViewSettings &settings) const;

	/** \brief The grid that \a settings ask for; throws as check() */
	Grid grid(const ViewSettings &settings) const;

	/**
	 * \brief Runs the network once on \a frame and draws each view into its output
	 *
	 * With \a repeat the maps of the frame before are drawn again, where they suffice.
	 * \throws Error
	 */
	void process(const Frame &frame, std::span<ViewPass> views, bool repeat);

private:
	struct Model;
	std::unique_ptr<Model> model_;
};

/** \brief Sends what LibTorch would print on the standard error to \a handler; once a process */
void setWarningHandler(std::function<void(const std::string &)> handler);

} /* namespace fm */
