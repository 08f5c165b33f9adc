/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backbone/backbone.h"
#include "device.h"
#include "visualizer.h"

namespace fm {

/** \brief A backbone on its device, as a user chose it */
struct Model {
	/** \throws Error as Visualizer's constructor */
	explicit Model(const ModelSettings &settings);

	/** \brief Index of the level that \a settings show; \throws Error BadSetting */
	int levelIndex(const ViewSettings &settings) const;
	/** \brief Whether there is another checkpoint to compare with */
	bool comparesCheckpoints() const;
	/** \brief Index of the same level of the checkpoint that \a settings compare with; none
	 * where they compare nothing
	 */
	std::optional<int> comparedIndex(const ViewSettings &settings) const;
	/** \brief What the header of a \a view begins with, as a Composition takes it */
	std::vector<std::string> titles(View view) const;
	/** \brief Adds to \a demand what a view with \a settings wants of its level */
	void demandFor(const ViewSettings &settings, const ChannelSet &channels,
	               Demand &demand) const;

	const uint64_t id; /* Another one for each model, from 1 on. */
	SelectedDevice device;
	c10::ScalarType type; /* That the network computes in. */
	bool allowsTf32;      /* Products may be rounded, on CUDA. */
	PreprocessSettings preprocess;
	std::unique_ptr<Backbone> backbone;
	ModelInfo info;
};

} /* namespace fm */
