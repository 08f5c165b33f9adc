/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpointfile.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <optional>
#include <random>

namespace {

std::size_t largestAllocation = 0;

} /* namespace */

void *operator new(std::size_t size)
{
	largestAllocation = std::max(largestAllocation, size);
	if (void *memory = std::malloc(size ? size : 1))
		return memory;
	throw std::bad_alloc();
}

void operator delete(void *memory) noexcept
{
	std::free(memory);
}

void operator delete(void *memory, std::size_t /*size*/) noexcept
{
	std::free(memory);
}

namespace {

using fm::Checkpoint;
using fm::Error;

const char *const smallFiles[] = { "state.zip.pth",
	                           "state.stream.pth",
	                           "training.stream.pth",
	                           "deflated.pth",
	                           "bigEndian.deflated.pth",
	                           "arrays0.pkl",
	                           "arrays2.pkl",
	                           "arrays4.pkl",
	                           "arrays5.pkl",
	                           "python2.1.pkl",
	                           "detectron4.pkl",
	                           "types.safetensors",
	                           "arrays.zip.pth",
	                           "small.safetensors" };

/** \brief Reads every tensor */
std::optional<Error> errorOf(std::string_view content)
{
	/* A copy, for the address sanitizer to know where it ends. */
	const std::vector<char> file(content.begin(), content.end());
	try {
		const Checkpoint checkpoint(std::as_bytes(std::span(file)), "file");
		for (const fm::NamedTensor &named : checkpoint.tensors())
			valuesOf(checkpoint, named.tensor);
		return std::nullopt;
	} catch (const Error &error) {
		return error;
	}
}

bool readAll(std::string_view content)
{
	return !errorOf(content);
}

TEST_F(SavedCheckpoint, TensorsBeyondTheirStorageAreRefused)
{
	const auto files = filesOf("lie.");
	EXPECT_EQ(files.size(), 18u + 12 * 3);
	for (const fs::path &file : files) {
		SCOPED_TRACE(file);
		const std::optional<Error> error = errorOf(readFile(file));
		ASSERT_TRUE(error);
		EXPECT_EQ(error->kind, Error::Kind::Unreadable);
		EXPECT_STREQ(error->what(), "'file' is cut off or damaged");
		EXPECT_NE(error->detail.find("byte "), std::string::npos) << error->detail;
	}
}

TEST_F(SavedCheckpoint, HostilePicklesAreRefused)
{
	for (const char *name :
	     { "nested", "marks", "duplicates", "values", "unknownOpcode", "keys", "doubled" })
		expectDamaged(folder / ("hostile." + std::string(name) + ".pth"));
	expectError(folder / "hostile.names.pth", Error::Kind::Unreadable, "holds no tensors",
	            "torch.save");
}

TEST_F(SavedCheckpoint, ZipBombsAreRefusedWithoutTakingTheirMemory)
{
	largestAllocation = 0;
	for (const char *name : { "data0", "data.pkl" })
		expectError(folder / ("hostile.bomb." + std::string(name) + ".pth"),
		            Error::Kind::Unsupported,
		            "is compressed so much that it is not safe to unpack");
	for (const char *name : { "late.claim.pth", "late.less.pth" })
		expectDamaged(folder / name);
	EXPECT_LT(largestAllocation, 1u << 20);
}

TEST_F(SavedCheckpoint, WhatLiesInTheFileCostsNoMemory)
{
	largestAllocation = 0;
	const Checkpoint checkpoint(folder / "large.pkl");
	EXPECT_EQ(checkpoint.elements(checkpoint.tensors()[0].tensor).size(), 100u << 20);
	EXPECT_LT(largestAllocation, 1u << 20);
}

TEST_F(SavedCheckpoint, TruncatedFilesAreRefused)
{
	for (const char *name : smallFiles) {
		const std::string whole = readFile(folder / name);
		EXPECT_TRUE(readAll(whole)) << name;
		for (int sixteenths = 1; sixteenths < 16; sixteenths++)
			EXPECT_FALSE(readAll(whole.substr(0, whole.size() * sixteenths / 16)))
				<< name << ", " << sixteenths;
	}
}

TEST_F(SavedCheckpoint, DamagedBytesNeverCrash)
{
	std::mt19937 random(1);
	for (const char *name : smallFiles) {
		const std::string whole = readFile(folder / name);
		for (int round = 0; round < 1000; round++) {
			std::string damaged = whole;
			for (unsigned i = 0; i <= round % 4u; i++)
				damaged[random() % damaged.size()] ^=
					static_cast<char>(1 + random() % 255);
			readAll(damaged);
		}
	}
}

TEST_F(SavedCheckpoint, DamagedSizesInTheZipDirectoryNeverCrash)
{
	const std::string whole = readFile(folder / "state.zip.pth");
	for (std::size_t i = whole.find("PK\1\2"); i + 8 <= whole.size(); i++) {
		for (const std::size_t size : { 2, 4, 8 }) {
			std::string damaged = whole;
			damaged.replace(i, size, size, '\xff');
			readAll(damaged);
		}
	}
}

TEST_F(SavedCheckpoint, DamagedSizesInASafetensorsHeaderNeverCrash)
{
	const std::string whole = readFile(folder / "small.safetensors");
	for (std::size_t i = 8; i < whole.find('}'); i++) {
		if (whole[i] < '0' || whole[i] > '9')
			continue;
		for (const char *number :
		     { "0", "-1", "9223372036854775807", "18446744073709551616" }) {
			std::string damaged = whole;
			damaged.replace(i, 1, number);
			const std::size_t headerSize =
				whole[0] + (whole[1] << 8) + damaged.size() - whole.size();
			damaged[0] = static_cast<char>(headerSize);
			damaged[1] = static_cast<char>(headerSize >> 8);
			EXPECT_EQ(readAll(damaged), *number == whole[i] && number[1] == '\0');
		}
	}
}

TEST_F(CheckpointFile, AMissingFileIsNotFound)
{
	expectError(folder / "missing.pth", Error::Kind::NotFound, "does not exist", "open");
	expectError(folder / "missing" / "file.pth", Error::Kind::NotFound, "does not exist",
	            "open");
}

TEST_F(CheckpointFile, WhatIsNotAFileIsRefused)
{
	expectError(folder, Error::Kind::Unreadable, "is a folder, not a file", "");
	expectError("/dev/null", Error::Kind::Unreadable, "is not a regular file", "");
}

TEST_F(CheckpointFile, AnEmptyFileIsRefused)
{
	writeFile(folder / "empty", "");
	expectError(folder / "empty", Error::Kind::Unreadable, "is empty", "");
}

TEST_F(CheckpointFile, AFileOfAnotherFormatIsRefused)
{
	const char *predicate = "is not a checkpoint that can be read: neither torch.save's zip "
				"format nor its older stream format, nor safetensors, nor a "
				"pickle of arrays";
	for (const char *content :
	     { "x", "not a checkpoint\n", "(no pickle)", "PK", "{\"a\":1}" }) {
		writeFile(folder / "other", content);
		expectError(folder / "other", Error::Kind::Unreadable, predicate);
	}
	writeFile(folder / "other", "\x80\x02}q.");
	expectDamaged(folder / "other");
}

} /* namespace */
