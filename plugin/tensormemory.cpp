/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tensormemory.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <unordered_map>

#include <sys/mman.h>

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

namespace fm {

namespace {

constexpr std::size_t smallest = 64 << 10; /* Bytes; malloc does well below. */
constexpr std::size_t cacheLine = 64;
constexpr std::size_t hugePage = 2 << 20; /* Fewer entries in the processor's table of pages. */
/* A block may be so many times as large as what is asked for. */
constexpr std::size_t slack = 4;

thread_local bool inScope = false;
thread_local bool isDiscarding = false;

std::atomic<int> users = 0;

class Store : public c10::Allocator
{
public:
	explicit Store(c10::Allocator *fallback) : fallback_(fallback) {}

	c10::DataPtr allocate(std::size_t bytes) override
	{
		if (!inScope || bytes < smallest)
			return fallback_->allocate(bytes);
		void *block = take(bytes);
		return { block, block, raw_deleter(), c10::Device(c10::DeviceType::CPU) };
	}

	/* Is given blocks of the fallback as well: those that LibTorch took before there was a
	 * store. */
	c10::DeleterFnPtr raw_deleter() const override { return giveBack; }

	void copy_data(void *to, const void *from, std::size_t bytes) const override
	{
		std::memcpy(to, from, bytes);
	}

	void releaseUnused()
	{
		std::lock_guard lock(mutex_);
		freeUnused();
	}

	/* Never freed: tensors may outlive all else. */
	static Store &instance()
	{
		static Store *store = [] {
			auto *made = new Store(c10::GetCPUAllocator());
			c10::SetCPUAllocator(made);
			return made;
		}();
		return *store;
	}

private:
	void *take(std::size_t bytes)
	{
		std::lock_guard lock(mutex_);
		const auto found = unused_.lower_bound(bytes);
		if (found != unused_.end() && found->first <= slack * bytes) {
			void *block = found->second;
			unused_.erase(found);
			return block;
		}
		const std::size_t alignment = bytes < hugePage ? cacheLine : hugePage;
		const std::size_t size = (bytes + alignment - 1) / alignment * alignment;
		void *block = std::aligned_alloc(alignment, size);
		if (!block) {
			freeUnused();
			block = std::aligned_alloc(alignment, size);
		}
		if (!block)
			throw std::bad_alloc();
		if (alignment == hugePage)
			madvise(block, size, MADV_HUGEPAGE);
		sizes_.emplace(block, size);
		return block;
	}

	/* With the mutex held. */
	void freeUnused()
	{
		for (const auto &[size, block] : unused_) {
			sizes_.erase(block);
			std::free(block);
		}
		unused_.clear();
	}

	/* Keeps or frees it; false for what is not the store's. */
	bool takeBack(void *block)
	{
		std::unique_lock lock(mutex_);
		const auto found = sizes_.find(block);
		if (found == sizes_.end())
			return false;
		if (!isDiscarding) {
			try {
				unused_.emplace(found->second, block);
				return true;
			} catch (const std::bad_alloc &) {
				/* It is freed. */
			}
		}
		sizes_.erase(found);
		lock.unlock(); /* The kernel takes its time. */
		std::free(block);
		return true;
	}

	static void giveBack(void *block)
	{
		Store &store = instance();
		if (!store.takeBack(block))
			store.fallback_->raw_deleter()(block);
	}

	c10::Allocator *fallback_;
	std::mutex mutex_; /* Innermost; protects all below. */
	std::unordered_map<void *, std::size_t> sizes_;
	std::multimap<std::size_t, void *> unused_;
};

} /* namespace */

TensorMemoryScope::TensorMemoryScope() : outer_(inScope)
{
	Store::instance();
	inScope = true;
}

TensorMemoryScope::~TensorMemoryScope()
{
	inScope = outer_;
}

TensorMemoryDiscard::TensorMemoryDiscard() : outer_(isDiscarding)
{
	isDiscarding = true;
}

TensorMemoryDiscard::~TensorMemoryDiscard()
{
	isDiscarding = outer_;
}

void releaseTensorMemory()
{
	Store::instance().releaseUnused();
}

TensorMemoryUser::TensorMemoryUser()
{
	++users;
}

TensorMemoryUser::~TensorMemoryUser()
{
	if (--users == 0)
		releaseTensorMemory();
}

bool TensorMemoryUser::hasOthers()
{
	return users > 1;
}

} /* namespace fm */
