/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "architecture.h"
#include "frame/size.h"
#include "level.h"

namespace fm {

/**
 * \brief Channels in and out, square kernel, stride, groups
 *
 * Padded by (kernel - 1) / 2 on each side: [in, H, W] to [out, H / stride, W / stride], rounded up
 * where the kernel is odd, down where it is 2.
 */
struct WindowShape {
	int in, out, kernel;
	int stride = 1;
	int groups = 1;

	int padding() const { return (kernel - 1) / 2; }
	/** \brief Rows or columns out, for \a size in */
	int outputSize(int size) const { return (size + 2 * padding() - kernel + stride) / stride; }
};

enum class Activation { None, Relu, Relu6, Hardswish, Hardsigmoid };

/**
 * \brief One operation of a network. Its result is known by its place in Network::nodes
 *
 * It takes from another node once.
 */
struct Node {
	enum class Kind {
		Convolution,
		MaxPool,
		AveragePool, /**< Of each channel over all of its map: [C, 1, 1] */
		Scale,       /**< Each channel of the input, times that of the factor */
		Activation,  /**< Of the input, alone */
	};

	/** \brief Input of the first node: the image, [3, H, W] */
	static constexpr int image = -1;
	static constexpr int nothing = -2;

	Kind kind = Kind::Convolution;
	std::string name;      /**< Of the module, as torchvision has it: "body.layer1.0.conv1" */
	std::string norm = {}; /**< The batch norm behind it; empty: it has a bias of its own */
	bool biasBeforeNorm = false; /**< It has a bias and a norm, as VGG's */
	WindowShape shape;
	int input = image;
	int added = nothing; /**< Added to the result, before the activation */
	bool upsample =
		false; /**< What is added is first brought to the result's size, to the nearest */
	int factor = nothing; /**< Of a scale: [C, 1, 1] */
	Activation activation = Activation::None;

	/** \brief The nodes that it takes from */
	std::vector<int> sources() const;
	/** \brief A channel of the result needs that one of \a source alone; else it needs all */
	bool takesByChannel(int source) const
	{
		return kind != Kind::Convolution || source == added;
	}
	/** \brief The source that the result has the shape of and may be written over, or nothing
	 */
	int overwritable() const;
	bool hasBias() const { return norm.empty() || biasBeforeNorm; }
	Size outputSize(Size in) const;
};

/** \brief A tensor that a checkpoint has to hold for a network */
struct ParameterShape {
	std::string name; /**< As torchvision has it: "body.conv1.weight" */
	std::vector<int64_t> shape;
};

/**
 * \brief A network as data: what it computes, and where its levels are
 *
 * Nodes stand behind those that they take from. What is computed of it, and in which order, says a
 * Plan.
 */
struct Network {
	/** \brief From the finest to the deepest, those of the body before those of the FPN */
	std::vector<Level> levels;
	std::vector<int> levelNodes; /**< The node that gives each level */
	int defaultLevel = 0;        /**< The finest FPN level, else the deepest */
	std::vector<Node> nodes;
	double normEpsilon = 1e-5; /**< Of its batch norms, as torchvision builds it */

	static Network of(const Architecture &architecture);

	/** \brief Those of convolutions and norms, node by node */
	std::vector<ParameterShape> parameterShapes() const;

	/** \brief Numbers that training changes: of convolutions, and two for each channel of a
	 * norm
	 */
	int64_t parameters() const;

	/** \brief Returns the place of \a node, for those that take from it */
	int append(Node node)
	{
		nodes.push_back(std::move(node));
		return static_cast<int>(nodes.size()) - 1;
	}

	void addLevel(Level level, int node)
	{
		levels.push_back(std::move(level));
		levelNodes.push_back(node);
	}
};

} /* namespace fm */
