/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cudaonhost.h"

#include <memory>
#include <mutex>
#include <vector>

#include <ucontext.h>

namespace fm::onhost {

Place place;

namespace {

constexpr std::size_t stackSize = 64 << 10;

struct Fiber {
	ucontext_t context;
	std::unique_ptr<char[]> stack{ new char[stackSize] };
	uint3 thread;
	bool isDone = true;
};

std::mutex mutex; /* One grid at a time; protects all below. */
ucontext_t scheduler;
Fiber *running = nullptr;
const std::function<void()> *body = nullptr;
/* Kept, as stacks are dear to make. */
std::vector<Fiber> fibers;

void enter()
{
	(*body)();
	running->isDone = true;
}

void start(Fiber &fiber, uint3 thread)
{
	getcontext(&fiber.context);
	fiber.context.uc_stack = { fiber.stack.get(), 0, stackSize };
	fiber.context.uc_link = &scheduler;
	fiber.thread = thread;
	fiber.isDone = false;
	makecontext(&fiber.context, enter, 0);
}

/* Until it is done or waits for the others. */
void proceed(Fiber &fiber)
{
	running = &fiber;
	place.thread = fiber.thread;
	swapcontext(&scheduler, &fiber.context);
}

void runBlock(dim3 size)
{
	std::size_t waiting = 0; /* Fibers from the first on that wait for the others. */
	for (unsigned z = 0; z < size.z; ++z)
		for (unsigned y = 0; y < size.y; ++y)
			for (unsigned x = 0; x < size.x; ++x) {
				if (waiting == fibers.size())
					fibers.emplace_back();
				start(fibers[waiting], { x, y, z });
				proceed(fibers[waiting]);
				waiting += fibers[waiting].isDone ? 0 : 1;
			}
	for (bool isWaiting = waiting > 0; isWaiting;) {
		isWaiting = false;
		for (std::size_t k = 0; k < waiting; ++k) {
			if (!fibers[k].isDone)
				proceed(fibers[k]);
			isWaiting = isWaiting || !fibers[k].isDone;
		}
	}
}

} /* namespace */

void synchronise()
{
	swapcontext(&running->context, &scheduler);
}

void runGrid(dim3 grid, dim3 block, const std::function<void()> &thread)
{
	const std::lock_guard lock(mutex);
	body = &thread;
	fibers.reserve(std::size_t{ block.x } * block.y * block.z);
	place.blockSize = block;
	place.gridSize = grid;
	for (unsigned z = 0; z < grid.z; ++z)
		for (unsigned y = 0; y < grid.y; ++y)
			for (unsigned x = 0; x < grid.x; ++x) {
				place.block = { x, y, z };
				runBlock(block);
			}
}

} /* namespace fm::onhost */
