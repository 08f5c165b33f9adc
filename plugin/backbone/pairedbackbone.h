/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <vector>

#include "backbone.h"

namespace fm {

/**
 * \brief Two checkpoints of one backbone, which see the same images
 *
 * Its levels are those of the first, and after them those of the second, under the same names.
 */
class PairedBackbone : public Backbone
{
public:
	/** \throws Error Mismatch where the levels of \a second are others than those of \a first
	 */
	PairedBackbone(std::unique_ptr<Backbone> first, std::unique_ptr<Backbone> second);

	const std::vector<Level> &levels() const override { return levels_; }
	int defaultLevel() const override { return first_->defaultLevel(); }
	const at::TensorOptions &options() const override { return first_->options(); }
	int imageChannels() const override { return first_->imageChannels(); }

	std::shared_ptr<const Prepared> prepare(const Demand &demand, Size image) override;
	Features forward(const at::Tensor &image, const Demand &demand) override;
	int preparations() const override
	{
		return first_->preparations() + second_->preparations();
	}
	bool canBeRecorded() const override
	{
		return first_->canBeRecorded() && second_->canBeRecorded();
	}

private:
	std::unique_ptr<Backbone> first_, second_;
	std::vector<Level> levels_;
};

} /* namespace fm */
