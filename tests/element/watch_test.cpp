/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weights whose file changes while frames go on. */
#include <atomic>
#include <fstream>

#include <fcntl.h>
#include <unistd.h>

#include "resident.h"
#include "stream.h"

namespace {

std::string contentOf(const std::string &file)
{
	std::ifstream stream(file, std::ios::binary);
	return { std::istreambuf_iterator<char>(stream), {} };
}

/* Writes into the file that is there, in as many parts, with pauses before all but the first. */
void writeInPlace(const std::string &file, const std::string &content, int parts = 1,
                  Clock::duration pause = 0s)
{
	std::ofstream stream(file, std::ios::binary | std::ios::trunc);
	for (int i = 0; i < parts; ++i) {
		if (i > 0)
			std::this_thread::sleep_for(pause);
		const std::size_t begin = content.size() * i / parts;
		stream.write(content.data() + begin, content.size() * (i + 1) / parts - begin)
			.flush();
	}
}

/* A file of its own that is watched. */
class Watch : public testing::Test
{
protected:
	void SetUp() override
	{
		writeInPlace(file, good);
		stream.emplace(file, "level=c3 watch=true");
		stream->mosaic.setInput(256, 160);
		stream->push(2);
		stream->mosaic.messages(GST_MESSAGE_ANY);
		stream->pictures();
	}
	void TearDown() override
	{
		EXPECT_TRUE(stream->mosaic.messages(GST_MESSAGE_ERROR).empty());
		stream.reset();
		std::filesystem::remove(file);
	}

	/* The next model is that of the file as it is now, and the only thing there is to tell. */
	void expectReload(const Bytes &before, const Bytes &after)
	{
		EXPECT_EQ(stream->pushUntilModel(), file);
		stream->pushFor(300ms);
		EXPECT_TRUE(stream->mosaic.messages(GST_MESSAGE_ANY).empty());
		expectChange(stream->pictures(), before, after);
	}

	const std::string file = Weights::path("watched.pth");
	const std::string good = contentOf(Weights::path("good.pth"));
	const std::string other = contentOf(Weights::path("other.pth"));
	const Bytes goodPicture = freshPicture(Weights::path("good.pth"), "level=c3");
	const Bytes otherPicture = freshPicture(Weights::path("other.pth"), "level=c3");
	std::optional<Stream> stream;
};

} /* namespace */

TEST_F(Watch, SeesAFileThatIsReplaced)
{
	writeInPlace(file + ".new", other);
	std::filesystem::rename(file + ".new", file);
	expectReload(goodPicture, otherPicture);
	writeInPlace(file + ".new", good);
	std::filesystem::rename(file + ".new", file);
	expectReload(otherPicture, goodPicture);
}

TEST_F(Watch, WaitsForAFileThatIsWrittenInPlace)
{
	std::thread writer([&] { writeInPlace(file, other, 6, 400ms); });
	expectReload(goodPicture, otherPicture);
	writer.join();
}

/* Whoever has it open for writing is not done, however long that takes. */
TEST_F(Watch, WaitsForAWriterThatTakesALongPause)
{
	std::thread writer([&] { writeInPlace(file, other, 2, 2500ms); });
	expectReload(goodPicture, otherPicture);
	writer.join();
}

TEST_F(Watch, TellsOfABrokenFileOnceAndGoesOnWhenItIsRepaired)
{
	writeInPlace(file, other.substr(0, other.size() / 2));
	const Report warning = stream->pushUntilWarning();
	EXPECT_TRUE(warning.is(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ));
	EXPECT_NE(warning.sentence.find(file), std::string::npos) << warning.sentence;
	stream->pushFor(2500ms);
	EXPECT_TRUE(stream->mosaic.messages(GST_MESSAGE_ANY).empty());
	EXPECT_EQ(stream->mosaic.get("weights"), file);
	expectAll(stream->pictures(), goodPicture);

	stream->push(1);
	writeInPlace(file, other);
	expectReload(goodPicture, otherPicture);
}

TEST_F(Watch, DoesNotMindThatTheFileIsGoneForAWhile)
{
	std::filesystem::rename(file, file + ".old");
	stream->pushFor(1500ms);
	std::filesystem::rename(file + ".old", file);
	stream->pushFor(1800ms);
	EXPECT_TRUE(stream->mosaic.messages(GST_MESSAGE_ANY).empty()) << "it is the same file";

	std::filesystem::remove(file);
	stream->pushFor(1500ms);
	EXPECT_TRUE(stream->mosaic.messages(GST_MESSAGE_ANY).empty());
	writeInPlace(file, other);
	expectReload(goodPicture, otherPicture);
}

TEST_F(Watch, FollowsTheWeightsThatAreSet)
{
	const std::string second = file + ".second";
	writeInPlace(second, other);
	stream->mosaic.set("weights", second.c_str());
	EXPECT_EQ(stream->pushUntilModel(), second);
	stream->mosaic.set("weights", Weights::path("not-there.pth").c_str());
	stream->pushUntilWarning();
	stream->pictures();

	writeInPlace(file, other); /* Not any more. */
	stream->pushFor(1800ms);
	EXPECT_TRUE(stream->mosaic.messages(GST_MESSAGE_ANY).empty());
	writeInPlace(second, good);
	EXPECT_EQ(stream->pushUntilModel(), second);
	stream->push(2);
	expectChange(stream->pictures(), otherPicture, goodPicture);
	std::filesystem::remove(second);
}

TEST_F(Watch, CanBeSwitchedOffAndOnAndHasAThreadOnlyWhereItIsOn)
{
	EXPECT_EQ(namedThreads("fm-model-loader"), 1);
	stream->mosaic.set("watch", "false");
	for (const auto end = Clock::now() + longest;
	     namedThreads("fm-model-loader") > 0 && Clock::now() < end;)
		stream->pushFor(10ms);
	EXPECT_EQ(namedThreads("fm-model-loader"), 0);
	writeInPlace(file, other);
	stream->pushFor(1800ms);
	EXPECT_TRUE(stream->mosaic.messages(GST_MESSAGE_ANY).empty());
	stream->mosaic.set("watch", "true");
	expectReload(goodPicture, otherPicture);
}

/* A mapping beyond the end of its file would end the process. */
TEST_F(Watch, SurvivesAWriterThatTruncatesTheFileWhileItIsRead)
{
	std::atomic<bool> stop = false;
	std::thread writer([&] {
		for (unsigned i = 0; !stop; ++i) {
			std::filesystem::resize_file(file, i % 3 == 0 ? 0 : good.size() / 2);
			if (i % 2 == 0)
				std::this_thread::sleep_for(3ms);
			writeInPlace(file, i % 2 ? other : good, 2, 1ms);
			std::this_thread::sleep_for(5ms);
		}
	});
	for (const auto end = Clock::now() + 5s; Clock::now() < end;) {
		stream->mosaic.set("weights", file.c_str());
		stream->pushFor(20ms);
	}
	stop = true;
	writer.join();

	writeInPlace(file, other);
	stream->mosaic.set("weights", file.c_str());
	stream->push(1);
	const auto end = Clock::now() + longest;
	while (stream->pictures().back() != otherPicture && Clock::now() < end)
		stream->pushFor(100ms);
	stream->push(1);
	expectAll(stream->pictures(), otherPicture);
}
