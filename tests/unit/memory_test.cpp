/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <thread>

#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include "tensormemory.h"

namespace {

constexpr int64_t large = 1 << 20; /* float32 values. */

const void *allocateAndFree()
{
	return at::empty({ large }).const_data_ptr();
}

} /* namespace */

TEST(TensorMemory, IsHandedOutAgainWithinItsScope)
{
	const fm::TensorMemoryScope scope;
	const at::Tensor other = at::empty({ 2 * large });
	const void *first = allocateAndFree();
	EXPECT_EQ(allocateAndFree(), first);
	const at::Tensor a = at::empty({ large });
	const at::Tensor b = at::empty({ large });
	EXPECT_EQ(a.const_data_ptr(), first);
	EXPECT_NE(b.const_data_ptr(), first);
	fm::releaseTensorMemory();
}

TEST(TensorMemory, IsNotKeptFromOtherThreadsAndScopes)
{
	at::Tensor made;
	{
		const fm::TensorMemoryScope scope;
		made = at::empty({ large });
	}
	made.fill_(1.0f);
	const at::Tensor outside = at::empty({ large });
	EXPECT_NE(outside.const_data_ptr(), made.const_data_ptr());
	/* Given back by a thread that never had a scope. */
	std::thread([tensor = std::move(made)]() mutable { tensor.reset(); }).join();
	fm::releaseTensorMemory();
}

TEST(TensorMemory, StaysWithTensorsThatOutliveARelease)
{
	const fm::TensorMemoryScope scope;
	const at::Tensor held = at::empty({ large }).fill_(3.0f);
	fm::releaseTensorMemory();
	const at::Tensor other = at::empty({ large }).fill_(4.0f);
	EXPECT_EQ(held.const_data_ptr<float>()[large - 1], 3.0f);
}
