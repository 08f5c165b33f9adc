/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System memory that a device gets at by itself, which the element has for its neighbours. */
#include <filesystem>

#include "fixture.h"

namespace {

struct Unref {
	void operator()(GstBufferPool *pool) const
	{
		gst_buffer_pool_set_active(pool, FALSE);
		gst_object_unref(pool);
	}
	void operator()(GstAllocator *allocator) const { gst_object_unref(allocator); }
};
using Pool = std::unique_ptr<GstBufferPool, Unref>;
using Allocator = std::unique_ptr<GstAllocator, Unref>;

bool isPinned(GstBuffer *buffer)
{
	const GQuark mark = g_quark_from_static_string("featuremosaic-pinned");
	return gst_mini_object_get_qdata(GST_MINI_OBJECT(gst_buffer_peek_memory(buffer, 0)),
	                                 mark) != nullptr;
}

/* What the element has for who is before it. */
struct Offer {
	Pool pool; /* Or null, as the allocator. */
	Allocator allocator;
};

Offer offerOf(const Mosaic &mosaic, const std::string &caps)
{
	const Owned<GstCaps> parsed(gst_caps_from_string(caps.c_str()));
	const Owned<GstQuery> query(gst_query_new_allocation(parsed.get(), TRUE));
	EXPECT_TRUE(gst_pad_peer_query(mosaic.harness()->srcpad, query.get()));
	GstBufferPool *pool = nullptr;
	GstAllocator *allocator = nullptr;
	if (gst_query_get_n_allocation_pools(query.get()) > 0)
		gst_query_parse_nth_allocation_pool(query.get(), 0, &pool, nullptr, nullptr,
		                                    nullptr);
	if (gst_query_get_n_allocation_params(query.get()) > 0)
		gst_query_parse_nth_allocation_param(query.get(), 0, &allocator, nullptr);
	return { Pool(pool), Allocator(allocator) };
}

/* A frame like \a frame in memory of \a pool. */
Owned<GstBuffer> inMemoryOf(const Pool &pool, const Owned<GstBuffer> &frame)
{
	GstBuffer *buffer = nullptr;
	gst_buffer_pool_set_active(pool.get(), TRUE);
	EXPECT_EQ(gst_buffer_pool_acquire_buffer(pool.get(), &buffer, nullptr), GST_FLOW_OK);
	const Bytes bytes = bytesOf(frame.get());
	gst_buffer_fill(buffer, 0, bytes.data(), bytes.size());
	gst_buffer_copy_into(buffer, frame.get(), GST_BUFFER_COPY_METADATA, 0, ~gsize{ 0 });
	return Owned<GstBuffer>(buffer);
}

GstPadProbeReturn offerPool(GstPad *, GstPadProbeInfo *info, gpointer pool)
{
	GstQuery *query = GST_PAD_PROBE_INFO_QUERY(info);
	if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION)
		return GST_PAD_PROBE_OK;
	gst_query_add_allocation_pool(query, static_cast<GstBufferPool *>(pool), 0, 0, 0);
	return GST_PAD_PROBE_HANDLED;
}

/* Skips where the model would be on the host. */
class Pinned : public testing::Test
{
protected:
	void SetUp() override
	{
		if (!std::filesystem::exists("/dev/nvidiactl") &&
		    !g_getenv("FEATUREMOSAIC_CUDA_MODULE"))
			GTEST_SKIP() << "needs a CUDA device, or what stands in for one";
	}

	const std::string caps = rawCaps(98, 65, "I420");
};

TEST_F(Pinned, MemoryIsForWhoIsBeforeAndShowsTheSamePicture)
{
	Mosaic mosaic("device=cuda");
	mosaic.setInput(caps);
	const Bytes expected = mosaic.picture(1);
	const Offer offer = offerOf(mosaic, caps);
	ASSERT_TRUE(offer.pool);
	Owned<GstBuffer> frame = inMemoryOf(offer.pool, mosaic.frame(1, 1));
	EXPECT_TRUE(isPinned(frame.get()));
	EXPECT_EQ(mosaic.push(std::move(frame)), GST_FLOW_OK);
	EXPECT_EQ(bytesOf(mosaic.pull().get()), expected);
}

TEST_F(Pinned, MemoryIsDrawnIntoWhereThePeerHasNone)
{
	Mosaic mosaic("device=cuda");
	mosaic.setInput(caps);
	EXPECT_TRUE(isPinned(mosaic.process(1).get()));
}

TEST_F(Pinned, MemoryIsWhatAnOrdinaryPoolOfThePeerIsFilledWith)
{
	Mosaic mosaic("device=cuda");
	const Pool pool(gst_video_buffer_pool_new());
	gst_pad_add_probe(mosaic.harness()->sinkpad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, offerPool,
	                  pool.get(), nullptr);
	mosaic.setInput(caps);
	const Owned<GstBuffer> picture = mosaic.process(1);
	EXPECT_EQ(picture->pool, pool.get());
	EXPECT_TRUE(isPinned(picture.get()));
}

TEST_F(Pinned, MemoryIsNotForcedOnAPeerThatHasItsOwn)
{
	Mosaic mosaic("device=cuda");
	GstAllocator *own = gst_allocator_find(GST_ALLOCATOR_SYSMEM);
	gst_harness_set_propose_allocator(mosaic.harness(), own, nullptr);
	mosaic.setInput(caps);
	EXPECT_FALSE(isPinned(mosaic.process(1).get()));
}

/* A part of it is not known to be pinned, and is copied. */
TEST_F(Pinned, MemoryMayBeShared)
{
	Mosaic mosaic("device=cuda");
	mosaic.setInput(caps);
	const Bytes expected = mosaic.picture(1);
	const Offer offer = offerOf(mosaic, caps);
	const Owned<GstBuffer> frame = inMemoryOf(offer.pool, mosaic.frame(1, 1));
	Owned<GstBuffer> part(gst_buffer_copy_region(frame.get(), GST_BUFFER_COPY_ALL, 0,
	                                             gst_buffer_get_size(frame.get()) - 1));
	gst_buffer_append_memory(part.get(), gst_allocator_alloc(nullptr, 1, nullptr));
	gst_buffer_memset(part.get(), gst_buffer_get_size(frame.get()) - 1,
	                  bytesOf(frame.get()).back(), 1);
	EXPECT_EQ(mosaic.push(std::move(part)), GST_FLOW_OK);
	EXPECT_EQ(bytesOf(mosaic.pull().get()), expected);
}

TEST_F(Pinned, MemoryOutlivesTheElement)
{
	auto mosaic = std::make_unique<Mosaic>("device=cuda");
	mosaic->setInput(caps);
	const Owned<GstBuffer> picture = mosaic->process(1);
	const Bytes expected = bytesOf(picture.get());
	const Offer offer = offerOf(*mosaic, caps);
	const Owned<GstBuffer> frame = mosaic->frame(1, 1);
	mosaic.reset();
	EXPECT_EQ(bytesOf(picture.get()), expected);
	EXPECT_EQ(bytesOf(inMemoryOf(offer.pool, frame).get()), bytesOf(frame.get()));
}

TEST_F(Pinned, MemoryHasTheAlignmentAndThePaddingThatAreAskedFor)
{
	Mosaic mosaic("device=cuda");
	mosaic.setInput(caps);
	const Offer offer = offerOf(mosaic, caps);
	ASSERT_TRUE(offer.allocator);
	GstAllocationParams params = {};
	params.flags = static_cast<GstMemoryFlags>(GST_MEMORY_FLAG_ZERO_PREFIXED |
	                                           GST_MEMORY_FLAG_ZERO_PADDED);
	params.align = 4095;
	params.prefix = 4096;
	params.padding = 32;
	constexpr gsize size = 1000;
	GstMemory *memory = gst_allocator_alloc(offer.allocator.get(), size, &params);
	gsize offset = 0;
	gsize maxSize = 0;
	EXPECT_EQ(gst_memory_get_sizes(memory, &offset, &maxSize), size);
	EXPECT_EQ(offset, params.prefix);
	EXPECT_EQ(maxSize, params.prefix + size + params.padding);
	GstMapInfo map;
	ASSERT_TRUE(gst_memory_map(memory, &map, GST_MAP_WRITE));
	EXPECT_EQ(reinterpret_cast<guintptr>(map.data) % 4096, 0u);
	std::memset(map.data, 1, size);
	for (int i = 1; i <= 32; ++i) {
		EXPECT_EQ(map.data[-i], 0);
		EXPECT_EQ(map.data[size + i - 1], 0);
	}
	gst_memory_unmap(memory, &map);
	gst_memory_unref(memory);
}

TEST(PinnedMemory, IsNotThatOfAModelOnTheHost)
{
	Mosaic mosaic("device=cpu");
	mosaic.setInput(96, 64);
	EXPECT_FALSE(isPinned(mosaic.process(1).get()));
	const Offer offer = offerOf(mosaic, rawCaps(96, 64));
	EXPECT_FALSE(offer.pool);
	EXPECT_FALSE(offer.allocator);
}

} /* namespace */
