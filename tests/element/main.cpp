/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include <gst/gst.h>
#include <gtest/gtest.h>

namespace {

std::mutex mutex;
std::vector<std::string> complaints; /* Of GLib and GStreamer; protected by mutex. */

void note(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer)
{
	if (!(level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING)))
		return;
	std::lock_guard lock(mutex);
	complaints.push_back(std::string(domain ? domain : "") + ": " + text);
}

/* A failed g_return_if_fail() is a bug, whatever the test looks at. */
class NoComplaints : public testing::EmptyTestEventListener
{
	void OnTestEnd(const testing::TestInfo &) override
	{
		std::lock_guard lock(mutex);
		for (const std::string &complaint : complaints)
			ADD_FAILURE() << complaint;
		complaints.clear();
	}
};

/* What the leak tracer has to find, where it works. */
int leakOnPurpose()
{
	gst_element_factory_make("identity", "leaked-on-purpose");
	gst_deinit();
	return 0;
}

} /* namespace */

int main(int argc, char **argv)
{
	gst_init(&argc, &argv);
	if (argc == 2 && std::strcmp(argv[1], "--leak-on-purpose") == 0)
		return leakOnPurpose();

	testing::InitGoogleTest(&argc, argv);
	testing::UnitTest::GetInstance()->listeners().Append(new NoComplaints);
	if (!std::getenv("GST_TRACERS"))
		g_log_set_default_handler(note, nullptr);
	const int result = RUN_ALL_TESTS();
	gst_deinit();
	return result;
}
