/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "resnetfpn.h"

#include <algorithm>

namespace fm {

namespace {

/* Indices into levels(): c1..c5, p2..p5, pool. */
enum LevelIndex { c1 = 0, c5 = 4, p2 = 5, p5 = 8, pool = 9 };

std::vector<Level> resNetFpnLevels(const ResNetShape &shape)
{
	std::vector<Level> levels = { { "c1", "body.relu", 64, 2 } };
	for (int i = 0; i < 4; ++i)
		levels.push_back({ "c" + std::to_string(i + 2),
		                   "body.layer" + std::to_string(i + 1), shape.channels(i),
		                   4 << i });
	for (int i = 0; i < 4; ++i)
		levels.push_back({ "p" + std::to_string(i + 2),
		                   "fpn.layer_blocks." + std::to_string(i),
		                   FeaturePyramidNetwork::channels, 4 << i });
	levels.push_back({ "pool", "fpn.extra_blocks", FeaturePyramidNetwork::channels, 64 });
	return levels;
}

std::vector<int> bodyChannels(const ResNetShape &shape)
{
	return { shape.channels(0), shape.channels(1), shape.channels(2), shape.channels(3) };
}

} /* namespace */

ResNetFpn::ResNetFpn(const Scope &root, const ResNetShape &shape)
	: Backbone(resNetFpnLevels(shape)), body_(root / "body", shape),
	  fpn_(root / "fpn", bodyChannels(shape))
{
}

int ResNetFpn::defaultLevel() const
{
	return p2;
}

Features ResNetFpn::forward(const at::Tensor &image, const Demand &demand) const
{
	Features features(levels().size());
	const auto firstPyramidLevel = demand.begin() + p2;
	const bool needsPyramid = std::find(firstPyramidLevel, demand.end(), true) != demand.end();
	int deepest = c5;
	while (!needsPyramid && deepest > c1 && !demand[deepest])
		--deepest;

	const std::vector<at::Tensor> body = body_(image, deepest);
	for (int level = c1; level <= deepest; ++level)
		if (demand[level])
			features[level] = body[level];
	if (!needsPyramid)
		return features;

	std::vector<bool> wanted(firstPyramidLevel, demand.begin() + pool);
	wanted.back() = wanted.back() || demand[pool];
	const std::vector<at::Tensor> pyramid = fpn_({ body.begin() + 1, body.end() }, wanted);
	std::ranges::copy(pyramid, features.begin() + p2);
	if (demand[pool])
		features[pool] = FeaturePyramidNetwork::pool(features[p5]);
	return features;
}

} /* namespace fm */
