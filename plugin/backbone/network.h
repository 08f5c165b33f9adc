/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kind.h"
#include "level.h"

namespace fm {

/**
 * \brief Channels in and out, square kernel, stride, groups
 *
 * Padded by (kernel - 1) / 2 on each side: [in, H, W] to [out, H / stride, W / stride], rounded up.
 */
struct WindowShape {
	int in, out, kernel;
	int stride = 1;
	int groups = 1;

	int padding() const { return (kernel - 1) / 2; }
	/** \brief Rows or columns out, for \a size in */
	int outputSize(int size) const { return (size + 2 * padding() - kernel) / stride + 1; }
};

enum class Activation { None, Relu, Relu6 };

/** \brief One operation of a network. Its result is known by its place in Network::nodes */
struct Node {
	enum class Kind { Convolution, MaxPool };

	/** \brief Input of the first node: the image, [3, H, W] */
	static constexpr int image = -1;
	static constexpr int nothing = -2;

	Kind kind = Kind::Convolution;
	std::string name;      /**< Of the module, as torchvision has it: "body.layer1.0.conv1" */
	std::string norm = {}; /**< The batch norm behind it; empty: it has a bias of its own */
	WindowShape shape;
	int input = image;
	int added = nothing; /**< Added to the result, before the activation */
	bool upsample =
		false; /**< What is added is first brought to the result's size, to the nearest */
	Activation activation = Activation::None;
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

	static Network of(BackboneKind kind);

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
