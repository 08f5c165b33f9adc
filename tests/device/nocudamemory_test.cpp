/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plugin built without GStreamer's CUDA library, with a model on a device. */
#include "../element/fixture.h"

#include <cstdlib>

namespace {

std::string textOf(GstCaps *caps)
{
	gchar *text = gst_caps_to_string(caps);
	std::string result = text;
	g_free(text);
	return result;
}

bool namesCudaMemory(const std::string &caps)
{
	return caps.find("CUDAMemory") != std::string::npos;
}

class WithoutCudaMemory : public testing::Test
{
protected:
	static void SetUpTestSuite()
	{
		gst_init(nullptr, nullptr);
		GstPlugin *plugin = gst_plugin_load_file(std::getenv("FM_PLUGIN"), nullptr);
		ASSERT_TRUE(plugin);
		gst_object_unref(plugin);
	}
};

} /* namespace */

TEST_F(WithoutCudaMemory, NoPadNamesIt)
{
	const Mosaic mosaic("device=cuda");
	for (const char *name : { "sink", "src" }) {
		const Owned<GstPad> pad(gst_element_get_static_pad(mosaic.element(), name));
		const Owned<GstCaps> templ(gst_pad_get_pad_template_caps(pad.get()));
		const Owned<GstCaps> caps(gst_pad_query_caps(pad.get(), nullptr));
		EXPECT_FALSE(namesCudaMemory(textOf(templ.get()))) << name;
		EXPECT_FALSE(namesCudaMemory(textOf(caps.get()))) << name;
		EXPECT_FALSE(gst_caps_is_empty(caps.get())) << name;
	}
}

TEST_F(WithoutCudaMemory, TheSinkAcceptsSystemMemoryAlone)
{
	const Mosaic mosaic("device=cuda");
	for (const char *memory : { "", "(memory:CUDAMemory)" }) {
		const Owned<GstCaps> caps(
			gst_caps_from_string((std::string("video/x-raw") + memory +
		                              ",format=NV12,width=96,height=64,framerate=25/1")
		                                     .c_str()));
		EXPECT_EQ(gst_pad_peer_query_accept_caps(mosaic.harness()->srcpad, caps.get()),
		          *memory == '\0')
			<< memory;
	}
}

TEST_F(WithoutCudaMemory, PicturesAreDrawn)
{
	Mosaic mosaic("device=cuda");
	mosaic.setInput(96, 64, "NV12");
	EXPECT_TRUE(mosaic.process(1));
}
