/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that somebody writes to while they are read. */
#include "checkpoint/filelease.h"
#include "checkpoint/mappedfile.h"
#include "error.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <thread>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using fm::MappedFile;

/* More than a page, for there to be some beyond the end when it is cut. */
const std::string content = std::string(50000, 'a') + std::string(50000, 'b');

class SharedFile : public testing::Test
{
protected:
	void SetUp() override
	{
		std::string name = fs::temp_directory_path() / "featuremosaic-XXXXXX";
		const int descriptor = mkstemp(name.data());
		ASSERT_GE(descriptor, 0);
		file = name;
		std::ofstream(file) << content;
		hasLeases = fm::leaseForReading(descriptor) != fm::FileLease::Unsupported;
		close(descriptor);
	}
	void TearDown() override { fs::remove(file); }

	fs::path file;
	bool hasLeases = false; /* Where the file is. */
};

std::string textOf(const MappedFile &mapped)
{
	return { reinterpret_cast<const char *>(mapped.bytes().data()), mapped.bytes().size() };
}

} /* namespace */

TEST_F(SharedFile, IsNotCutWhileItIsMapped)
{
	if (!hasLeases)
		GTEST_SKIP() << "the file system has no leases";
	std::optional<MappedFile> mapped(file);
	std::atomic<bool> isCut = false;
	std::thread writer([&] {
		fs::resize_file(file, 0);
		isCut = true;
	});
	std::this_thread::sleep_for(200ms);
	EXPECT_FALSE(isCut);
	EXPECT_EQ(textOf(*mapped), content);
	mapped.reset();
	writer.join();
	EXPECT_EQ(fs::file_size(file), 0u);
}

TEST_F(SharedFile, IsCopiedWhereSomebodyHasItOpenForWriting)
{
	std::ofstream writer(file, std::ios::app);
	const MappedFile mapped(file);
	fs::resize_file(file, 0);
	EXPECT_EQ(textOf(mapped), content);
}

TEST_F(SharedFile, CanBeReadBySeveralAtOnce)
{
	const MappedFile one(file), other(file);
	EXPECT_EQ(textOf(one), content);
	EXPECT_EQ(textOf(other), content);
}

/* As its size is taken before its bytes. */
TEST_F(SharedFile, GivesItsContentOrAnErrorWhileItIsWrittenAnew)
{
	std::atomic<bool> stop = false;
	std::thread writer([&] {
		while (!stop) {
			std::ofstream stream(file, std::ios::trunc);
			stream << content;
		}
	});
	int read = 0;
	for (const auto end = std::chrono::steady_clock::now() + 500ms;
	     std::chrono::steady_clock::now() < end;) {
		try {
			const MappedFile mapped(file);
			EXPECT_EQ(textOf(mapped), content.substr(0, mapped.bytes().size()));
			++read;
		} catch (const fm::Error &error) {
			EXPECT_EQ(error.kind, fm::Error::Kind::Unreadable) << error.what();
		}
	}
	stop = true;
	writer.join();
	EXPECT_GT(read, 0);
}
