/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weights that are set while frames go on. */
#include <atomic>
#include <chrono>
#include <thread>

#include "resident.h"
#include "stream.h"

namespace {

class Reload : public testing::TestWithParam<const char *>
{
};

} /* namespace */

TEST_P(Reload, ChangesThePictureBetweenTwoFrames)
{
	const std::string properties = std::string("level=c3 ") + GetParam();
	const std::string good = Weights::path("good.pth");
	const std::string other = Weights::path("other.pth");
	const Bytes before = freshPicture(good, properties);
	const Bytes after = freshPicture(other, properties);

	Stream stream(good, properties);
	stream.mosaic.setInput(256, 160);
	stream.push(3);
	stream.mosaic.messages(GST_MESSAGE_ANY);
	stream.mosaic.set("weights", other.c_str());
	EXPECT_EQ(stream.mosaic.get("weights"), other);
	EXPECT_EQ(stream.pushUntilModel(), other);
	stream.push(6);
	expectChange(stream.pictures(), before, after);
	EXPECT_EQ(stream.mosaic.get("weights"), other);
	EXPECT_TRUE(stream.mosaic.messages(GST_MESSAGE_ANY).empty()) << "one message of the model";

	/* And back. */
	stream.mosaic.set("weights", good.c_str());
	EXPECT_EQ(stream.pushUntilModel(), good);
	stream.push(6);
	expectChange(stream.pictures(), after, before);
}

/* With an interval the network runs on the first frame with the new weights. */
INSTANTIATE_TEST_SUITE_P(WhilePlaying, Reload,
                         testing::Values("", "max-in-flight=3", "interval=1000",
                                         "interval=4 max-in-flight=2", "level=c2 columns=2",
                                         "precision=bfloat16", "colormap=turbo normalize=robust"),
                         [](const auto &info) { return "Case" + std::to_string(info.index); });

TEST(Reloads, LeaveAFrozenPictureUntilItIsReleased)
{
	for (const char *properties : { "level=c3", "level=c3 interval=1000" }) {
		const std::string other = Weights::path("other.pth");
		const Bytes before = freshPicture(Weights::path("good.pth"), properties);
		const Bytes after = freshPicture(other, properties);
		Stream stream(Weights::path("good.pth"), properties);
		stream.mosaic.setInput(256, 160);
		stream.push(2);
		stream.mosaic.messages(GST_MESSAGE_ANY);
		stream.mosaic.set("freeze", "true");
		stream.mosaic.set("weights", other.c_str());
		EXPECT_EQ(stream.pushUntilModel(), other);
		stream.push(5);
		expectAll(stream.pictures(), before);
		stream.mosaic.set("freeze", "false");
		stream.push(2);
		expectAll(stream.pictures(), after);
	}
}

TEST(Reloads, OfNothingGiveRandomWeightsWithAWarning)
{
	Stream stream(Weights::path("good.pth"), "level=c3");
	stream.mosaic.setInput(256, 160);
	stream.push(2);
	stream.mosaic.messages(GST_MESSAGE_ANY);
	g_object_set(stream.mosaic.element(), "weights", nullptr, nullptr);
	const Report warning = stream.pushUntilWarning();
	EXPECT_NE(warning.sentence.find("random"), std::string::npos) << warning.sentence;
	stream.push(2);
	EXPECT_EQ(stream.mosaic.get("weights"), "");
	expectChange(stream.pictures(), freshPicture(Weights::path("good.pth"), "level=c3"),
	             freshPicture("", "level=c3"));
}

TEST(Reloads, BeforeTheFirstFrameAreInEffectOnIt)
{
	const std::string other = Weights::path("other.pth");
	Stream stream(Weights::path("good.pth"), "level=c3");
	stream.mosaic.messages(GST_MESSAGE_ANY);
	stream.mosaic.set("weights", other.c_str());
	for (const auto end = Clock::now() + longest;
	     Clock::now() < end && namedThreads("fm-model-loader") > 0;)
		std::this_thread::sleep_for(10ms);
	stream.mosaic.setInput(256, 160);
	stream.push(2);
	EXPECT_EQ(stream.mosaic.messages(GST_MESSAGE_ELEMENT).size(), 1u);
	expectAll(stream.pictures(), freshPicture(other, "level=c3"));
}

TEST(Reloads, StayInEffectFromStartToStart)
{
	const std::string other = Weights::path("other.pth");
	Stream stream(Weights::path("good.pth"), "level=c3");
	stream.mosaic.setInput(256, 160);
	stream.push(1);
	stream.mosaic.messages(GST_MESSAGE_ANY);
	stream.mosaic.set("weights", other.c_str());
	EXPECT_EQ(stream.pushUntilModel(), other);
	gst_element_set_state(stream.mosaic.element(), GST_STATE_READY);
	gst_element_set_state(stream.mosaic.element(), GST_STATE_PLAYING);
	const auto messages = stream.mosaic.messages(GST_MESSAGE_ELEMENT);
	ASSERT_EQ(messages.size(), 1u);
	EXPECT_EQ(gst_structure_get_string(gst_message_get_structure(messages[0].get()), "weights"),
	          other);
}

namespace {

struct BadFile {
	const char *file;
	int code; /* Of the resource domain. */
};

class BadReload : public testing::TestWithParam<BadFile>
{
};

} /* namespace */

TEST_P(BadReload, IsOneWarningAndTheOldWeightsStay)
{
	const std::string good = Weights::path("good.pth");
	const std::string bad = Weights::path(GetParam().file);
	Stream stream(good, "level=c3");
	stream.mosaic.setInput(256, 160);
	stream.push(2);
	stream.mosaic.messages(GST_MESSAGE_ANY);

	stream.mosaic.set("weights", bad.c_str());
	const Report warning = stream.pushUntilWarning();
	EXPECT_TRUE(warning.is(GST_RESOURCE_ERROR, GetParam().code))
		<< g_quark_to_string(warning.domain) << " " << warning.code;
	EXPECT_NE(warning.sentence.find(bad), std::string::npos) << warning.sentence;
	EXPECT_EQ(stream.mosaic.get("weights"), good);
	stream.pushFor(300ms);
	EXPECT_TRUE(stream.mosaic.messages(GST_MESSAGE_ANY).empty());
	expectAll(stream.pictures(), freshPicture(good, "level=c3"));

	gst_element_set_state(stream.mosaic.element(), GST_STATE_READY);
	EXPECT_NE(gst_element_set_state(stream.mosaic.element(), GST_STATE_PLAYING),
	          GST_STATE_CHANGE_FAILURE);
}

INSTANTIATE_TEST_SUITE_P(Files, BadReload,
                         testing::Values(BadFile{ "not-there.pth", GST_RESOURCE_ERROR_NOT_FOUND },
                                         BadFile{ "folder.pth", GST_RESOURCE_ERROR_READ },
                                         BadFile{ "fifo.pth", GST_RESOURCE_ERROR_READ },
                                         BadFile{ "truncated.pth", GST_RESOURCE_ERROR_READ },
                                         BadFile{ "resnet18.pth", GST_RESOURCE_ERROR_SETTINGS },
                                         BadFile{ "misshapen.pth", GST_RESOURCE_ERROR_SETTINGS }),
                         [](const auto &info) {
				 std::string name = info.param.file;
				 name.resize(name.find('.'));
				 std::erase(name, '-');
				 return name;
			 });

TEST(Reloads, MayBeFloodedFromSeveralThreadsAndTheLatestWins)
{
	const std::vector<std::string> files = { Weights::path("good.pth"),
		                                 Weights::path("other.pth"),
		                                 Weights::path("not-there.pth"),
		                                 Weights::path("truncated.pth") };
	Stream stream(files[0], "level=c3 max-in-flight=2");
	stream.mosaic.setInput(256, 160);
	std::atomic<bool> stop = false;
	std::vector<std::thread> setters;
	for (unsigned seed = 0; seed < 3; ++seed)
		setters.emplace_back([&, seed] {
			std::mt19937 random(seed);
			const char *const levels[] = { "c1", "c2", "c3" };
			const char *const flags[] = { "true", "false" };
			while (!stop) {
				stream.mosaic.set("weights", files[random() % 4].c_str());
				stream.mosaic.set("level", levels[random() % 3]);
				stream.mosaic.set("freeze", flags[random() % 2]);
				stream.mosaic.set("watch", flags[random() % 2]);
				stream.mosaic.get("weights");
				std::this_thread::sleep_for(
					std::chrono::milliseconds(random() % 40));
			}
		});
	stream.pushFor(4s);
	stop = true;
	for (std::thread &setter : setters)
		setter.join();
	stream.mosaic.set("level", "c3");
	stream.mosaic.set("freeze", "false");
	EXPECT_TRUE(stream.mosaic.reports(GST_MESSAGE_ERROR).empty());
	stream.mosaic.set("weights", files[1].c_str());
	std::string latest;
	while (latest != files[1] && !testing::Test::HasFailure())
		latest = stream.pushUntilModel();
	stream.pushFor(1s);
	EXPECT_EQ(stream.mosaic.get("weights"), files[1]);
	EXPECT_TRUE(stream.pictures().back() == freshPicture(files[1], "level=c3"));
}

TEST(Reloads, MayBeStoppedAtAnyTime)
{
	const std::string files[] = { Weights::path("good.pth"), Weights::path("other.pth"),
		                      Weights::path("truncated.pth") };
	for (int i = 0; i < 12; ++i) {
		Stream stream(files[0], "level=c3 watch=true");
		stream.mosaic.setInput(256, 160);
		stream.push(1);
		stream.mosaic.set("weights", files[i % 3].c_str());
		std::this_thread::sleep_for(std::chrono::milliseconds(i * 15));
		stream.push(i % 2);
		const auto start = Clock::now();
		gst_element_set_state(stream.mosaic.element(), GST_STATE_READY);
		EXPECT_LT(Clock::now() - start, longest);
		EXPECT_EQ(namedThreads("fm-model-loader"), 0);
		stream.mosaic.messages(GST_MESSAGE_ANY);
		std::this_thread::sleep_for(20ms);
		EXPECT_TRUE(stream.mosaic.messages(GST_MESSAGE_ANY).empty());
	}
}

TEST(Reloads, DoNotGrow)
{
	const std::string files[] = { Weights::path("good.pth"), Weights::path("other.pth") };
	Stream stream(files[0], "level=c3");
	stream.mosaic.setInput(256, 160);
	stream.push(2);
	stream.mosaic.messages(GST_MESSAGE_ANY);
	int count = 0;
	const double growth = growthOver(20, [&] {
		const std::string &next = files[++count % 2];
		stream.mosaic.set("weights", next.c_str());
		ASSERT_EQ(stream.pushUntilModel(), next);
		stream.push(2);
		stream.pictures();
	});
	/* The model alone, which has 9 MB, would be 153. */
	EXPECT_LT(growth, 60);
}

TEST(Reloads, BetweenStatesDoNotGrow)
{
	const std::string files[] = { Weights::path("good.pth"), Weights::path("other.pth") };
	const double growth = growthOver(20, [&] {
		Stream stream(files[0], "level=c3");
		stream.mosaic.setInput(256, 160);
		stream.push(2);
		stream.mosaic.set("weights", files[1].c_str());
		std::this_thread::sleep_for(50ms);
	});
	EXPECT_LT(growth, 60);
}
