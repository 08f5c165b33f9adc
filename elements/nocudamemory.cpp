/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where there is no CUDA to build with. */
#include "cudamemory.h"

#include <gst/video/video.h>

#include "padcaps.h"

const char *const sinkCaps = FM_SINK_CAPS;
const char *const sourceCaps = FM_SOURCE_CAPS;

struct CudaMemory::Context {
};

CudaMemory::CudaMemory() = default;
CudaMemory::~CudaMemory() = default;

void CudaMemory::adopt(std::optional<fm::CudaContext>, const std::string &) {}

void CudaMemory::expect(const std::string &) {}

bool CudaMemory::isUsable() const
{
	return false;
}

void CudaMemory::announce(GstElement *) const {}

bool CudaMemory::answer(GstElement *, GstQuery *, const std::string &)
{
	return false;
}

bool CudaMemory::holds(GstBuffer *) const
{
	return false;
}

bool CudaMemory::isFrom(GstBufferPool *) const
{
	return false;
}

GstBufferPool *CudaMemory::newPool() const
{
	return nullptr;
}

void CudaMemory::offerPool(GstQuery *, GstCaps *, unsigned) const {}

GstMapFlags CudaMemory::mapFlag()
{
	return static_cast<GstMapFlags>(0);
}

void CudaMemory::waitFor(GstBuffer *) {}
