/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "resnet.h"

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

int basicBlock(Network &network, const std::string &scope, int x, int in, int width, int stride)
{
	ResidualBlock block(network, scope, x);
	block.convolution({ in, width, 3, stride });
	block.lastConvolution({ width, width, 3 }, in, stride);
	return block.result();
}

int bottleneck(Network &network, const std::string &scope, int x, int in, int width, int stride)
{
	ResidualBlock block(network, scope, x);
	block.convolution({ in, width, 1 });
	block.convolution({ width, width, 3, stride });
	block.lastConvolution({ width, 4 * width, 1 }, in, stride);
	return block.result();
}

/* torchvision.models.resnet.ResNet up to layer4, without its head. */
std::array<int, 4> appendResNet(Network &network, const ResNetShape &shape)
{
	const int stem = network.append({ .name = "body.conv1",
	                                  .norm = "body.bn1",
	                                  .shape = { 3, 64, 7, 2 },
	                                  .activation = Activation::Relu });
	network.addLevel({ "c1", "body.relu", 64, 2 }, stem);

	int x = network.append({ .kind = Node::Kind::MaxPool,
	                         .name = "body.maxpool",
	                         .shape = { 64, 64, 3, 2 },
	                         .input = stem });
	std::array<int, 4> layers;
	int in = 64;
	for (int layer = 0; layer < 4; ++layer) {
		const std::string scope = "body.layer" + std::to_string(layer + 1);
		for (int i = 0; i < shape.blocks[layer]; ++i) {
			const int stride = layer > 0 && i == 0 ? 2 : 1;
			const auto block = shape.bottleneck ? bottleneck : basicBlock;
			x = block(network, scope + "." + std::to_string(i), x, in, 64 << layer,
			          stride);
			in = shape.channels(layer);
		}
		network.addLevel({ "c" + std::to_string(layer + 2), scope, in, 4 << layer }, x);
		layers[layer] = x;
	}
	return layers;
}

} /* namespace */

Network resNetFpn(const ResNetShape &shape)
{
	Network network;
	const std::array<int, 4> layers = appendResNet(network, shape);
	network.defaultLevel = static_cast<int>(network.levels.size());
	appendFeaturePyramidNetwork(network, { layers.begin(), layers.end() });
	return network;
}

} /* namespace fm */
