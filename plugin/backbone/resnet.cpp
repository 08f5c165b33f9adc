/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "resnet.h"

#include <vector>

#include "featurepyramidnetwork.h"

namespace fm {

namespace {

/* torchvision's BasicBlock or Bottleneck. All but its last convolution are followed by ReLU; that
 * comes after the input, or its downsample, is added. */
class ResidualBlock
{
public:
	ResidualBlock(Network &network, std::string scope, int input)
		: network_(network), scope_(std::move(scope) + "."), input_(input), out_(input)
	{
	}

	void convolution(const WindowShape &shape) { out_ = append(shape, Node::nothing); }

	void lastConvolution(const WindowShape &shape, int in, int stride)
	{
		const bool sameShape = stride == 1 && in == shape.out;
		const int identity = sameShape ? input_ : downsample({ in, shape.out, 1, stride });
		out_ = append(shape, identity);
	}

	int result() const { return out_; }

private:
	int append(const WindowShape &shape, int added)
	{
		const std::string number = std::to_string(++convolutions_);
		return network_.append({ .name = scope_ + "conv" + number,
		                         .norm = scope_ + "bn" + number,
		                         .shape = shape,
		                         .input = out_,
		                         .added = added,
		                         .activation = Activation::Relu });
	}

	int downsample(const WindowShape &shape)
	{
		return network_.append({ .name = scope_ + "downsample.0",
		                         .norm = scope_ + "downsample.1",
		                         .shape = shape,
		                         .input = input_ });
	}

	Network &network_;
	std::string scope_;
	int input_, out_;
	int convolutions_ = 0;
};

/* Channels in, between the convolutions, and out. */
struct BlockShape {
	int in, width, out;
	int stride, groups;
	bool strideIn1x1;
};

int basicBlock(Network &network, const std::string &scope, int x, const BlockShape &shape)
{
	ResidualBlock block(network, scope, x);
	block.convolution({ shape.in, shape.width, 3, shape.stride });
	block.lastConvolution({ shape.width, shape.out, 3 }, shape.in, shape.stride);
	return block.result();
}

int bottleneck(Network &network, const std::string &scope, int x, const BlockShape &shape)
{
	const int first = shape.strideIn1x1 ? shape.stride : 1;
	ResidualBlock block(network, scope, x);
	block.convolution({ shape.in, shape.width, 1, first });
	block.convolution({ shape.width, shape.width, 3, shape.stride / first, shape.groups });
	block.lastConvolution({ shape.width, shape.out, 1 }, shape.in, shape.stride);
	return block.result();
}

int appendStem(Network &network)
{
	const int stem = network.append({ .name = "body.conv1",
	                                  .norm = "body.bn1",
	                                  .shape = { 3, 64, 7, 2 },
	                                  .activation = Activation::Relu });
	network.addLevel({ "c1", "body.relu", 64, 2 }, stem);
	return network.append({ .kind = Node::Kind::MaxPool,
	                        .name = "body.maxpool",
	                        .shape = { 64, 64, 3, 2 },
	                        .input = stem });
}

} /* namespace */

/* torchvision.models.resnet.ResNet up to layer4, without its head. */
Network resNet(const ResNetShape &shape, const Architecture &architecture)
{
	Network network;
	const auto block = shape.bottleneck ? bottleneck : basicBlock;
	std::vector<FpnInput> fpnInputs;
	int x = appendStem(network);
	int in = 64;
	for (int layer = 0; layer < 4; ++layer) {
		const std::string scope = "body.layer" + std::to_string(layer + 1);
		for (int i = 0; i < shape.blocks[layer]; ++i) {
			x = block(network, scope + "." + std::to_string(i), x,
			          { .in = in,
			            .width = shape.width(layer),
			            .out = shape.channels(layer),
			            .stride = layer > 0 && i == 0 ? 2 : 1,
			            .groups = shape.groups,
			            .strideIn1x1 = architecture.strideIn1x1 });
			in = shape.channels(layer);
		}
		const int level = layer + 2;
		network.addLevel({ "c" + std::to_string(level), scope, in, 4 << layer }, x);
		if (level >= architecture.fpn.finest)
			fpnInputs.push_back({ x, 4 << layer });
	}
	network.defaultLevel = static_cast<int>(network.levels.size()) - 1;
	if (hasFpn(architecture.kind))
		appendFeaturePyramidNetwork(network, architecture.fpn, fpnInputs);
	return network;
}

} /* namespace fm */
