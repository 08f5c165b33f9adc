/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vgg.h"

namespace fm {

namespace {

/* Configuration D of Simonyan and Zisserman (arXiv 1409.1556). */
struct Stage {
	int channels, convolutions;
};
constexpr Stage stages[] = { { 64, 2 }, { 128, 2 }, { 256, 3 }, { 512, 3 }, { 512, 3 } };

std::string feature(int place)
{
	return "features." + std::to_string(place);
}

} /* namespace */

Network vgg16(Norms norms)
{
	Network network;
	int place = 0; /* A convolution, its norm and its ReLU have one each. */
	int x = Node::image;
	int in = 3;
	int stride = 1;
	for (const Stage &stage : stages) {
		if (stride > 1)
			x = network.append({ .kind = Node::Kind::MaxPool,
			                     .name = feature(place++),
			                     .shape = { in, in, 2, 2 },
			                     .input = x });
		for (int i = 0; i < stage.convolutions; ++i) {
			const std::string convolution = feature(place++);
			x = network.append({ .name = convolution,
			                     .norm = norms == Norms::With ? feature(place++) : "",
			                     .biasBeforeNorm = norms == Norms::With,
			                     .shape = { in, stage.channels, 3 },
			                     .input = x,
			                     .activation = Activation::Relu });
			in = stage.channels;
			++place;
		}
		const std::string number = std::to_string(network.levels.size() + 1);
		network.addLevel({ "c" + number, feature(place - 1), in, stride }, x);
		stride *= 2;
	}
	network.defaultLevel = static_cast<int>(network.levels.size()) - 1;
	return network;
}

} /* namespace fm */
