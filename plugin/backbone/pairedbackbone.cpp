/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pairedbackbone.h"

#include <algorithm>
#include <string>
#include <utility>

#include "error.h"

namespace fm {

namespace {

struct Both : Backbone::Prepared {
	std::shared_ptr<const Prepared> first, second;
};

std::string namesOf(const std::vector<Level> &levels)
{
	std::string names;
	for (const Level &level : levels)
		names += (names.empty() ? "" : ", ") + level.name + " of " +
		         std::to_string(level.channels) + " channels";
	return names;
}

std::pair<Demand, Demand> halves(const Demand &demand)
{
	const auto middle = demand.begin() + static_cast<std::ptrdiff_t>(demand.size() / 2);
	return { { demand.begin(), middle }, { middle, demand.end() } };
}

bool isEmpty(const Demand &demand)
{
	return std::ranges::all_of(demand, &ChannelSet::empty);
}

template<typename T>
std::vector<T> joined(std::vector<T> first, std::vector<T> second)
{
	std::ranges::move(second, std::back_inserter(first));
	return first;
}

} /* namespace */

PairedBackbone::PairedBackbone(std::unique_ptr<Backbone> first, std::unique_ptr<Backbone> second)
	: first_(std::move(first)), second_(std::move(second)),
	  levels_(joined(first_->levels(), second_->levels()))
{
	if (first_->levels() != second_->levels())
		throw Error(Error::Kind::Mismatch,
		            "Checkpoints can be compared of one backbone alone: one has " +
		                    namesOf(first_->levels()) + ", the other " +
		                    namesOf(second_->levels()));
}

std::shared_ptr<const Backbone::Prepared> PairedBackbone::prepare(const Demand &demand, Size image)
{
	const auto [ofFirst, ofSecond] = halves(demand);
	const auto prepared = [&](Backbone &backbone, const Demand &half) {
		return isEmpty(half) ? nullptr : backbone.prepare(half, image);
	};
	auto both = std::make_shared<Both>();
	both->first = prepared(*first_, ofFirst);
	both->second = prepared(*second_, ofSecond);
	for (const auto &half : { both->first, both->second })
		both->levels = joined(std::move(both->levels),
		                      half ? half->levels
		                           : std::vector<Prepared::Maps>(demand.size() / 2));
	return both;
}

/* One that nothing is asked of does not run. */
Features PairedBackbone::forward(const at::Tensor &image, const Demand &demand)
{
	const auto [ofFirst, ofSecond] = halves(demand);
	const auto features = [&](Backbone &backbone, const Demand &half) {
		return isEmpty(half) ? Features(half.size()) : backbone.forward(image, half);
	};
	return joined(features(*first_, ofFirst), features(*second_, ofSecond));
}

} /* namespace fm */
