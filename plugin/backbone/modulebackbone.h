/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "backbone.h"
#include "featuremodule.h"
#include "settings.h"

namespace fm {

/** \brief A module, and what it was found to return; several backbones may share it */
struct LoadedModule {
	std::string file;
	std::unique_ptr<const FeatureModule> module;
	/** \brief Of images that it takes */
	at::MemoryFormat layout = at::MemoryFormat::ChannelsLast;
	Size trial = {};           /**< Of the image that it was first run on */
	std::vector<Level> levels; /**< In the module's own order */
	std::vector<int> leading;  /**< Tokens before a level's grid; -1 where it has maps */

	/** \brief Runs \a module until it takes an image, and keeps what of its outputs are maps
	 * \throws Error Mismatch where none are, those of tokens are ambiguous, or maps have their
	 * channels last
	 */
	static LoadedModule of(const std::string &file,
	                       std::unique_ptr<const FeatureModule> module);

	/** \brief The maps of each level, as the module left them, [1, C, h, w] */
	std::vector<at::Tensor> run(const at::Tensor &image) const;
};

/**
 * \brief A module from a file, of which is known only what it returns
 *
 * All levels are computed, with all channels, whatever is asked for.
 */
class ModuleBackbone : public Backbone
{
public:
	/** \param takesBgr Blue goes first, in place of red */
	ModuleBackbone(std::shared_ptr<const LoadedModule> loaded, bool takesBgr);

	const std::vector<Level> &levels() const override { return loaded_->levels; }
	/** \brief The first: torchvision's backbones return the finest first */
	int defaultLevel() const override { return 0; }
	const at::TensorOptions &options() const override { return loaded_->module->options(); }
	/** \brief Modules may wait for the device, or copy from it, in the midst of it all */
	bool canBeRecorded() const override { return false; }

	std::shared_ptr<const Prepared> prepare(const Demand &demand, Size image) override;
	Features forward(const at::Tensor &image, const Demand &demand) override;
	int preparations() const override { return preparations_; }

private:
	/* What it returned for images of one size. */
	struct Known {
		Size image;
		std::vector<Size> maps; /* By level. */
	};

	const Known *find(Size image);
	std::vector<at::Tensor> run(const at::Tensor &image);

	std::shared_ptr<const LoadedModule> loaded_;
	bool takesBgr_;
	std::list<Known> known_; /* The last used first. */
	int preparations_ = 0;
};

/**
 * \brief The backbone that is the module in a file: of TorchScript, or a compiled package
 *
 * The file is a program, which is run. A package has its type compiled in, which is taken where
 * \a anyType. Backbones of one file share the module.
 *
 * \throws Error BadSetting where no file is named, or it was compiled for another device or type;
 * NotFound, Unreadable, Unsupported, Mismatch for the file
 */
std::unique_ptr<Backbone> loadModule(const BackboneSettings &settings,
                                     const at::TensorOptions &options, bool anyType);

} /* namespace fm */
