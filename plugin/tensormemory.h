/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

namespace fm {

/**
 * \brief While one lives, CPU tensors that its thread makes take their memory from a store
 *
 * A frame's tensors are large and of the same sizes each time. malloc would map and unmap them, and
 * the kernel clear each page anew. The store keeps what is given back, and hands it out again.
 * Loading goes through it as well, unless the frames of others are going on. Other threads of the
 * process, and other users of LibTorch, are not concerned.
 */
class TensorMemoryScope
{
public:
	TensorMemoryScope();
	~TensorMemoryScope();
	TensorMemoryScope(const TensorMemoryScope &) = delete;
	TensorMemoryScope &operator=(const TensorMemoryScope &) = delete;

private:
	bool outer_;
};

/** \brief While one lives, what its thread gives back goes to the system, and frames keep theirs */
class TensorMemoryDiscard
{
public:
	TensorMemoryDiscard();
	~TensorMemoryDiscard();
	TensorMemoryDiscard(const TensorMemoryDiscard &) = delete;
	TensorMemoryDiscard &operator=(const TensorMemoryDiscard &) = delete;

private:
	bool outer_;
};

/** \brief Gives back to the system what no tensor uses */
void releaseTensorMemory();

/** \brief Somebody whose frames use the store; after the last one, nothing is kept */
class TensorMemoryUser
{
public:
	TensorMemoryUser();
	~TensorMemoryUser();
	TensorMemoryUser(const TensorMemoryUser &) = delete;
	TensorMemoryUser &operator=(const TensorMemoryUser &) = delete;

	/** \brief Whether there are others, who go on with what is kept */
	static bool hasOthers();
};

} /* namespace fm */
