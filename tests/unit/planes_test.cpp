/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "view/planes.h"

#include <limits>
#include <tuple>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/stack.h>
#include <gtest/gtest.h>

using namespace fm;

namespace {

constexpr std::pair<c10::ScalarType, ElementType> types[] = {
	{ at::kFloat, ElementType::Float32 },
	{ at::kHalf, ElementType::Float16 },
	{ at::kBFloat16, ElementType::BFloat16 },
};

/* As LibTorch has them: picked, converted, one behind the other. */
void expectPlanes(const at::Tensor &maps, const std::vector<int> &places)
{
	for (const auto &[type, element] : types) {
		std::vector<at::Tensor> picked;
		for (const int place : places)
			picked.push_back(maps.select(1, place).select(0, 0));
		const at::Tensor expected = at::stack(picked).to(at::kFloat).to(type).contiguous();
		const at::Tensor written = at::full(expected.sizes(), 7.0, expected.options());
		writePlanes(maps, places, element, written.mutable_data_ptr());
		EXPECT_TRUE(at::allclose(written.to(at::kFloat), expected.to(at::kFloat), 0.0, 0.0,
		                         true))
			<< c10::toString(maps.scalar_type()) << " to " << c10::toString(type);
	}
}

} /* namespace */

TEST(Planes, AreTheMapsOneBehindTheOther)
{
	for (const auto &[type, element] : types)
		for (const auto format :
		     { at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast })
			for (const auto &[height, width] :
			     { std::pair(7, 45), std::pair(1, 1), std::pair(33, 32) }) {
				const at::Tensor maps = at::randn({ 1, 5, height, width },
				                                  at::detail::createCPUGenerator(3))
				                                .mul(100)
				                                .to(type)
				                                .contiguous(format);
				expectPlanes(maps, { 0, 1, 2, 3, 4 });
				expectPlanes(maps, { 4, 0, 4 });
			}
}

TEST(Planes, KeepWhatIsNoNumberOrTooLarge)
{
	at::Tensor maps = at::randn({ 1, 2, 3, 4 }, at::detail::createCPUGenerator(3))
	                          .contiguous(at::MemoryFormat::ChannelsLast);
	maps[0][0][0][0] = std::numeric_limits<float>::quiet_NaN();
	maps[0][0][1][1] = std::numeric_limits<float>::infinity();
	maps[0][1][2][3] = 1e30f; /* In half precision that is infinite. */
	maps[0][1][0][1] = 1e-7f; /* There the smallest steps are of 6e-8. */
	expectPlanes(maps, { 0, 1 });
}
