/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "derivation.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>

#include <ATen/TensorIndexing.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

namespace fm {

namespace {

/* How far the basis is taken towards that of a frame. */
constexpr double followingStep = 0.05;

at::Tensor reduced(const at::Tensor &values, at::IntArrayRef dimensions, Reduce reduce)
{
	switch (reduce) {
	case Reduce::Mean:
		break;
	case Reduce::Max:
		return values.amax(dimensions, true);
	case Reduce::AbsMean:
		return values.abs().mean(dimensions, true);
	case Reduce::Energy:
		return values.square().mean(dimensions, true).sqrt();
	}
	return values.mean(dimensions, true);
}

const char *reduceName(Reduce reduce)
{
	constexpr const char *names[] = { "mean", "max", "absmean", "energy" };
	return names[static_cast<int>(reduce)];
}

/* A picture made of channels has none of its own. */
Level madeOf(const Level &level, const std::string &how)
{
	Level made = level;
	made.name += " " + how;
	made.channels = 1;
	return made;
}

std::vector<int> listOf(const ChannelSet &channels, const Level &level)
{
	if (!channels.isAll())
		return channels.list();
	std::vector<int> all(level.channels);
	std::iota(all.begin(), all.end(), 0);
	return all;
}

/* What is known of the channels \a from, for the channels \a to; not a number where that is
 * nothing.
 */
at::Tensor carried(const at::Tensor &known, const std::vector<int> &from,
                   const std::vector<int> &to)
{
	std::vector<int64_t> sizes = known.sizes().vec();
	sizes[1] = static_cast<int64_t>(to.size());
	at::Tensor result =
		at::full(sizes, std::numeric_limits<float>::quiet_NaN(), known.options());
	for (std::size_t k = 0; k < to.size(); ++k)
		if (const auto found = std::ranges::find(from, to[k]); found != from.end())
			result.select(1, static_cast<int64_t>(k))
				.copy_(known.select(1, found - from.begin()));
	return result;
}

/* [1, C, h, w] of A and of B to that of A - B, or, \a beside each other, to [1, 3 * C, h, w]. */
at::Tensor difference(const at::Tensor &a, const at::Tensor &b, bool beside)
{
	const at::Tensor difference = a - b;
	return beside ? at::stack({ a, b, difference }, 2).flatten(1, 2) : difference;
}

/* By Gram and Schmidt's method, in the order of the columns. */
at::Tensor orthonormal(const at::Tensor &columns)
{
	std::vector<at::Tensor> done;
	for (const at::Tensor &column : columns.unbind(1)) {
		at::Tensor rest = column;
		for (const at::Tensor &other : done)
			rest = rest - other * (other * rest).sum();
		const at::Tensor length = rest.square().sum().sqrt();
		done.push_back(rest / length.clamp_min(std::numeric_limits<float>::min()));
	}
	return at::stack(done, 1);
}

/* Eigenvectors and eigenvalues of the covariance of \a centred, [C, n], of the highest first: from
 * whichever of the two products is smaller. */
std::pair<at::Tensor, at::Tensor> principalAxes(const at::Tensor &centred, int count)
{
	const at::Tensor values = centred.to(at::kCPU, at::kDouble);
	const auto places = static_cast<double>(values.size(1));
	const bool isTall = values.size(0) > values.size(1);
	const at::Tensor product = isTall ? values.t().matmul(values) : values.matmul(values.t());
	auto [variances, vectors] = at::linalg_eigh(product / places);
	const int64_t found = std::min<int64_t>(count, product.size(0));
	variances = variances.flip(0).slice(0, 0, found);
	vectors = vectors.flip(1).slice(1, 0, found);
	if (isTall)
		vectors = values.matmul(vectors);
	if (found < count) {
		vectors = at::cat({ vectors, at::full({ vectors.size(0), count - found }, 0.0,
		                                      vectors.options()) },
		                  1);
		variances = at::cat(
			{ variances, at::full({ count - found }, 0.0, variances.options()) });
	}
	vectors = orthonormal(vectors);
	const at::Tensor largest = vectors.gather(0, vectors.abs().argmax(0, true));
	return { vectors * largest.sign(), variances };
}

/* [1, C, h, w] to [C, h * w]. What is not a number would be everywhere after a product. */
at::Tensor valuesOf(const at::Tensor &maps)
{
	return maps[0].flatten(1).nan_to_num(0.0, 0.0, 0.0);
}

at::Tensor indexOf(const ChannelSet &channels)
{
	const std::vector<int> &list = channels.list();
	return at::tensor(std::vector<int64_t>(list.begin(), list.end()));
}

} /* namespace */

at::Tensor PrincipalComponents::next(const at::Tensor &maps, bool follows)
{
	const at::Tensor values = valuesOf(maps);
	const at::Tensor mean = values.mean(1, true);
	if (!basis_.defined() || given_) {
		given_.reset();
		mean_ = mean;
		const auto [vectors, variances] = principalAxes(values - mean, count);
		basis_ = vectors.to(values.options());
		variance_ = variances.to(values.options());
	} else if (follows) {
		mean_ = mean_ + followingStep * (mean - mean_);
		const at::Tensor centred = values - mean_;
		const auto places = static_cast<double>(values.size(1));
		const at::Tensor here = centred.matmul(centred.t().matmul(basis_)) / places;
		const at::Tensor sum =
			(1.0 - followingStep) * basis_ * variance_ + followingStep * here;
		variance_ = sum.square().sum(0).sqrt();
		basis_ = orthonormal(sum);
	}
	return of(values, maps);
}

at::Tensor PrincipalComponents::along(const std::shared_ptr<const ComponentBasis> &basis,
                                      const at::Tensor &maps, const ChannelSet &channels)
{
	const at::Tensor values = valuesOf(maps);
	if (basis != given_) {
		const auto ofChannels = [&](const at::Tensor &all) {
			return channels.isAll() ? all : all.index_select(0, indexOf(channels));
		};
		mean_ = ofChannels(basis->mean).to(values.options());
		basis_ = ofChannels(basis->axes).to(values.options());
		given_ = basis;
	}
	return of(values, maps);
}

at::Tensor PrincipalComponents::of(const at::Tensor &values, const at::Tensor &maps) const
{
	return basis_.t()
	        .matmul(values - mean_)
	        .reshape({ 1, count, maps.size(2), maps.size(3) })
	        .contiguous(at::MemoryFormat::ChannelsLast);
}

bool Derivation::isNeededFor(View view)
{
	return view == View::Overlay || view == View::Difference || view == View::Pca ||
	       view == View::Change || view == View::Timeline;
}

bool Derivation::mayRepeat(const ViewSettings &before, const ViewSettings &now)
{
	const auto what = [](const ViewSettings &settings) {
		return std::tie(settings.view, settings.channels, settings.page, settings.columns,
		                settings.rows, settings.reduce, settings.pcaBasis, settings.basis,
		                settings.differenceLayout);
	};
	return !isNeededFor(now.view) || what(before) == what(now);
}

std::vector<int> Derivation::drawn(const ViewSettings &settings, const std::vector<int> &shown)
{
	if (settings.view == View::Overlay)
		return { 0 };
	if (settings.view == View::Pca)
		return { 0, 1, 2 };
	const int parts = tilesOfChannel(settings);
	std::vector<int> drawn;
	for (const int channel : shown)
		for (int part = 0; part < parts; ++part)
			drawn.push_back(channel * parts + part);
	return drawn;
}

DrawnLevel Derivation::named(const ViewSettings &settings, const Level &level)
{
	if (settings.view == View::Overlay)
		return { madeOf(level, reduceName(settings.reduce)) };
	if (settings.view == View::Pca)
		return { madeOf(level, "pca") };
	if (settings.view != View::Difference)
		return { level };
	DrawnLevel drawn = { level, { "A-B" } };
	if (tilesOfChannel(settings) > 1) {
		drawn.parts = { "A", "B", "A-B" };
		drawn.channels *= 3;
	}
	return drawn;
}

ChannelSet Derivation::heldOf(const ViewSettings &settings, const Level &level,
                              const std::vector<int> &shown, const ChannelSet &held)
{
	if (settings.view == View::Overlay || settings.view == View::Pca)
		return ChannelSet::all();
	if (!isNeededFor(settings.view))
		return held;
	return ChannelSet(drawn(settings, shown)).of(level.channels * tilesOfChannel(settings));
}

Size Derivation::sizeOf(View view, Size size)
{
	return view == View::Timeline ? Size{ timelineFrames, 1 } : size;
}

/* Nothing has changed on a first frame, nor in a channel that is shown for the first time. */
at::Tensor Derivation::change(const at::Tensor &maps)
{
	const at::Tensor before = std::exchange(previous_, maps.clone());
	if (!before.defined() || before.sizes() != maps.sizes())
		return at::zeros_like(maps);
	return at::where(before.isnan().logical_and(maps.isnan().logical_not()), 0.0,
	                 (maps - before).abs());
}

at::Tensor Derivation::timeline(const at::Tensor &maps, Reduce reduce)
{
	const at::Tensor now = reduced(maps, { 2, 3 }, reduce);
	if (!previous_.defined())
		previous_ = at::full({ 1, maps.size(1), 1, timelineFrames },
		                     std::numeric_limits<float>::quiet_NaN(), maps.options());
	previous_ = at::cat({ previous_.slice(3, 1), now }, 3);
	return previous_;
}

at::Tensor Derivation::made(const at::Tensor &maps, const at::Tensor &others,
                            const ViewSettings &settings)
{
	switch (settings.view) {
	case View::Difference:
		return difference(maps, others, tilesOfChannel(settings) > 1);
	case View::Change:
		return change(maps);
	case View::Timeline:
		return timeline(maps, settings.reduce);
	case View::Overlay:
		return reduced(maps, { 1 }, settings.reduce);
	default:
		return settings.pcaBasis == PcaBasis::File
		               ? components_.along(settings.basis, maps, channels_)
		               : components_.next(maps, settings.pcaBasis == PcaBasis::Running);
	}
}

DerivedMaps Derivation::next(const LevelMaps &maps, const Level &level,
                             const std::vector<int> &shown, const ViewSettings &settings,
                             const LevelMaps &others)
{
	const ChannelSet channels = ChannelSet(shown).of(level.channels);
	if (level != level_ || settings.view != view_ ||
	    (channels != channels_ && settings.view == View::Pca))
		*this = Derivation();
	else if (channels != channels_ && previous_.defined())
		previous_ = carried(previous_, listOf(channels_, level), listOf(channels, level));
	level_ = level;
	view_ = settings.view;
	channels_ = channels;
	if (!isNeededFor(settings.view))
		return { maps, { level } };

	const auto valuesOf = [&](const LevelMaps &all) {
		return all.maps.defined() ? all.select(channels).maps.to(at::kFloat) : at::Tensor();
	};
	return { { made(valuesOf(maps), valuesOf(others), settings)
		           .contiguous(at::MemoryFormat::ChannelsLast),
		   heldOf(settings, level, shown, maps.channels) },
		 named(settings, level) };
}

} /* namespace fm */
