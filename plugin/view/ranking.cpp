/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ranking.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fm {

namespace {

/* Weight of a new frame in an average over frames. A variance needs more of them. */
constexpr float smoothing = 0.3f;
constexpr float varianceSmoothing = 0.1f;

/* By how much of its measure a channel that is shown has to be surpassed. */
constexpr float lead = 0.2f;

} /* namespace */

void ChannelRanking::update(std::span<const float> measures, int count)
{
	if (mean_.size() != measures.size())
		*this = ChannelRanking(by_);
	const bool picksAnew = isProvisional() || static_cast<int>(shown_.size()) != count;
	takeIn(measures);
	const std::vector<int> ranked = highest(count);
	if (picksAnew) {
		shown_ = ranked;
		return;
	}
	const auto higher = [&](int a, int b) { return score(a) > score(b); };
	for (const int challenger : ranked) {
		if (std::ranges::find(shown_, challenger) != shown_.end())
			continue;
		const auto lowest = std::ranges::max_element(shown_, higher);
		const float toBeat = score(*lowest) + lead * std::abs(score(*lowest));
		if (score(challenger) > toBeat)
			*lowest = challenger;
	}
}

/* The variance of the first frames is exactly theirs; later the older ones fade. */
void ChannelRanking::takeIn(std::span<const float> measures)
{
	if (samples_ == 0 || (by_ == RankedBy::Change && samples_ == 1))
		mean_.assign(measures.begin(), measures.end());
	variance_.resize(measures.size());
	++samples_;
	const float weight =
		by_ == RankedBy::Variance
			? std::max(1.0f / static_cast<float>(samples_), varianceSmoothing)
			: smoothing;
	for (std::size_t channel = 0; channel < measures.size(); ++channel) {
		const float off = measures[channel] - mean_[channel];
		mean_[channel] += weight * off;
		variance_[channel] = (1.0f - weight) * (variance_[channel] + weight * off * off);
	}
}

float ChannelRanking::score(int channel) const
{
	return by_ == RankedBy::Variance && samples_ > 1 ? variance_[channel] : mean_[channel];
}

/* Of equals those that are shown, then the lowest numbers. */
std::vector<int> ChannelRanking::highest(int count) const
{
	std::vector<int> ranked = shown_;
	for (int channel = 0; channel < static_cast<int>(mean_.size()); ++channel)
		if (std::ranges::find(shown_, channel) == shown_.end())
			ranked.push_back(channel);
	std::ranges::stable_sort(ranked, [&](int a, int b) { return score(a) > score(b); });
	ranked.resize(std::min<std::size_t>(ranked.size(), count));
	return ranked;
}

std::vector<int> ChannelRanking::shown(int count) const
{
	return static_cast<int>(shown_.size()) == count ? shown_ : highest(count);
}

} /* namespace fm */
