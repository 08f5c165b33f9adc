/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/checkpoint.h"
#include "error.h"

#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <random>
#include <sstream>

namespace {

namespace fs = std::filesystem;
using fm::Checkpoint;
using fm::Error;
using fm::NamedTensor;
using fm::ScalarType;
using fm::TensorView;

/* Enough for every tensor of the tests; a damaged file may claim 2^62 elements by strides of 0. */
constexpr int64_t mostElementsRead = 10000;

const char *nameOf(ScalarType type)
{
	static const char *const names[] = { "Float64", "Float32", "Float16",    "BFloat16",
		                             "Int64",   "Int32",   "Int16",      "Int8",
		                             "UInt8",   "Bool",    "Float8E5M2", "Float8E4M3" };
	return names[static_cast<int>(type)];
}

template<typename Number>
double load(const std::byte *at)
{
	Number number;
	std::memcpy(&number, at, sizeof(number));
	return static_cast<double>(number);
}

double halfToDouble(uint16_t bits)
{
	const int exponent = bits >> 10 & 31;
	const int fraction = bits & 1023;
	const double sign = bits >> 15 ? -1 : 1;
	if (exponent == 31)
		return fraction ? NAN : sign * INFINITY;
	if (exponent == 0)
		return sign * std::ldexp(fraction, -24);
	return sign * std::ldexp(1024 + fraction, exponent - 25);
}

/** \brief Of the type without infinities */
double float8ToDouble(uint8_t bits)
{
	const int exponent = bits >> 3 & 15;
	const int fraction = bits & 7;
	const double sign = bits >> 7 ? -1 : 1;
	if (exponent == 15 && fraction == 7)
		return NAN;
	if (exponent == 0)
		return sign * std::ldexp(fraction, -9);
	return sign * std::ldexp(8 + fraction, exponent - 10);
}

double element(ScalarType type, const std::byte *at)
{
	uint16_t bits;
	switch (type) {
	case ScalarType::Float64:
		return load<double>(at);
	case ScalarType::Float32:
		return load<float>(at);
	case ScalarType::Float16:
		std::memcpy(&bits, at, sizeof(bits));
		return halfToDouble(bits);
	case ScalarType::BFloat16:
		std::memcpy(&bits, at, sizeof(bits));
		return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
	case ScalarType::Int64:
		return load<int64_t>(at);
	case ScalarType::Int32:
		return load<int32_t>(at);
	case ScalarType::Int16:
		return load<int16_t>(at);
	case ScalarType::Int8:
		return load<int8_t>(at);
	case ScalarType::UInt8:
	case ScalarType::Bool:
		return load<uint8_t>(at);
	case ScalarType::Float8E5M2:
		return halfToDouble(static_cast<uint16_t>(load<uint8_t>(at)) << 8);
	case ScalarType::Float8E4M3:
		return float8ToDouble(static_cast<uint8_t>(*at));
	}
	return NAN;
}

/** \brief The first elements in row-major order */
std::vector<double> valuesOf(const Checkpoint &checkpoint, const TensorView &tensor)
{
	std::vector<double> values;
	std::vector<int64_t> index(tensor.shape.size());
	for (const int64_t size : tensor.shape)
		if (size == 0)
			return values;
	const auto storage = checkpoint.elements(tensor);
	while (values.size() < mostElementsRead) {
		int64_t place = tensor.offset;
		for (std::size_t i = 0; i < index.size(); i++)
			place += index[i] * tensor.strides[i];
		const std::size_t size = fm::elementSize(tensor.type);
		values.push_back(element(tensor.type, storage.subspan(place * size, size).data()));

		std::size_t axis = index.size();
		while (axis > 0 && ++index[axis - 1] == tensor.shape[axis - 1])
			index[--axis] = 0;
		if (axis == 0)
			break;
	}
	return values;
}

/** \brief What make_checkpoints.py wrote about a tensor */
struct Expected {
	std::string name;
	std::string type;
	std::vector<int64_t> shape;
	std::vector<double> values;
};

Expected parseExpected(const std::string &line)
{
	Expected expected;
	std::istringstream fields(line);
	std::string shape, values, word;
	std::getline(fields, expected.name, '\t');
	std::getline(fields, expected.type, '\t');
	std::getline(fields, shape, '\t');
	std::getline(fields, values, '\t');
	for (std::istringstream sizes(shape); std::getline(sizes, word, ',');)
		expected.shape.push_back(std::stoll(word));
	for (std::istringstream words(values); words >> word;)
		expected.values.push_back(std::strtod(word.c_str(), nullptr));
	return expected;
}

std::vector<Expected> readExpected(const fs::path &file)
{
	std::ifstream in(file.string() + ".txt");
	std::vector<Expected> all;
	for (std::string line; std::getline(in, line);)
		all.push_back(parseExpected(line));
	return all;
}

std::string readFile(const fs::path &file)
{
	std::ifstream in(file, std::ios::binary);
	return { std::istreambuf_iterator<char>(in), {} };
}

void writeFile(const fs::path &file, std::string_view content)
{
	std::ofstream(file, std::ios::binary).write(content.data(), std::ssize(content));
}

bool isSame(double a, double b)
{
	return a == b || (std::isnan(a) && std::isnan(b));
}

void expectEqual(const Checkpoint &checkpoint, const NamedTensor &found, const Expected &expected)
{
	SCOPED_TRACE(expected.name);
	EXPECT_EQ(found.name, expected.name);
	EXPECT_EQ(nameOf(found.tensor.type), expected.type);
	EXPECT_EQ(found.tensor.shape, expected.shape);
	const std::vector<double> values = valuesOf(checkpoint, found.tensor);
	ASSERT_EQ(values.size(), expected.values.size());
	for (std::size_t i = 0; i < values.size(); i++)
		EXPECT_PRED2(isSame, values[i], expected.values[i]) << "element " << i;
}

void expectAsInPyTorch(const fs::path &file)
{
	SCOPED_TRACE(file);
	const std::vector<Expected> expected = readExpected(file);
	ASSERT_FALSE(expected.empty());
	const Checkpoint checkpoint(file);
	ASSERT_EQ(checkpoint.tensors().size(), expected.size());
	for (std::size_t i = 0; i < expected.size(); i++)
		expectEqual(checkpoint, checkpoint.tensors()[i], expected[i]);
}

void expectError(const fs::path &file, Error::Kind kind, const std::string &predicate)
{
	SCOPED_TRACE(file);
	try {
		const Checkpoint checkpoint(file);
		FAIL() << "no error";
	} catch (const Error &error) {
		EXPECT_EQ(error.kind, kind);
		EXPECT_EQ(error.what(), "'" + file.string() + "' " + predicate) << error.detail;
	}
}

void expectDamaged(const fs::path &file)
{
	expectError(file, Error::Kind::Unreadable, "is cut off or damaged");
}

/** \brief Reads every tensor, for the sanitizers to judge; returns whether there was no error */
bool readAll(const fs::path &file)
{
	try {
		const Checkpoint checkpoint(file);
		for (const NamedTensor &named : checkpoint.tensors())
			valuesOf(checkpoint, named.tensor);
		return true;
	} catch (const Error &) {
		return false;
	}
}

/** \brief Works in a folder of its own that goes with it */
class CheckpointFile : public testing::Test
{
protected:
	static void SetUpTestSuite()
	{
		std::string name = (fs::temp_directory_path() / "checkpoint-XXXXXX").string();
		folder = mkdtemp(name.data());
	}

	static void TearDownTestSuite() { fs::remove_all(folder); }

	static inline fs::path folder;
};

/** \brief The files of make_checkpoints.py */
class SavedCheckpoint : public CheckpointFile
{
protected:
	static void SetUpTestSuite()
	{
		CheckpointFile::SetUpTestSuite();
		const char *python = std::getenv("FM_PYTHON");
		const char *source = std::getenv("FM_SOURCE_ROOT");
		if (!python || !source)
			return;
		const std::string command = "'" + std::string(python) + "' '" + source +
		                            "/tests/parity/make_checkpoints.py' '" +
		                            folder.string() + "'";
		isMade = std::system(command.c_str()) == 0;
	}

	void SetUp() override
	{
		if (!std::getenv("FM_PYTHON") || !std::getenv("FM_SOURCE_ROOT"))
			GTEST_SKIP() << "FM_PYTHON and FM_SOURCE_ROOT do not say how to make files";
		ASSERT_TRUE(isMade) << "make_checkpoints.py failed";
	}

	void expectBothAsInPyTorch(const std::string &name)
	{
		expectAsInPyTorch(folder / (name + ".zip.pth"));
		expectAsInPyTorch(folder / (name + ".stream.pth"));
	}

	static inline bool isMade = false;
};

TEST_F(SavedCheckpoint, FormatIsToldFromTheContent)
{
	EXPECT_EQ(Checkpoint(folder / "state.zip.pth").format(), "torch.save (zip)");
	EXPECT_EQ(Checkpoint(folder / "state.stream.pth").format(), "torch.save (stream)");
}

TEST_F(SavedCheckpoint, StateDictsHaveTheirNamesAndValues)
{
	expectBothAsInPyTorch("state");
	expectBothAsInPyTorch("plain");
}

TEST_F(SavedCheckpoint, EveryScalarTypeIsRead)
{
	expectBothAsInPyTorch("types");
}

TEST_F(SavedCheckpoint, ViewsKeepOffsetAndStrides)
{
	expectBothAsInPyTorch("views");
}

TEST_F(SavedCheckpoint, TensorsWithAttributesAreRead)
{
	expectBothAsInPyTorch("attributes");
}

TEST_F(SavedCheckpoint, TensorsShareTheirStorage)
{
	expectBothAsInPyTorch("shared");
	const Checkpoint checkpoint(folder / "shared.zip.pth");
	EXPECT_EQ(checkpoint.tensors()[0].tensor.storage, checkpoint.tensors()[2].tensor.storage);
}

TEST_F(SavedCheckpoint, TrainingCheckpointsAreFlattened)
{
	expectBothAsInPyTorch("training");
	EXPECT_EQ(Checkpoint(folder / "training.zip.pth").tensors()[0].name, "model.weight");
}

TEST_F(SavedCheckpoint, ATensorAloneHasAnEmptyName)
{
	expectBothAsInPyTorch("tensor");
}

TEST_F(SavedCheckpoint, AWholeModuleHasTheNamesOfItsStateDict)
{
	expectBothAsInPyTorch("module");
}

TEST_F(SavedCheckpoint, TensorsOfOtherTypesAreLeftOut)
{
	expectBothAsInPyTorch("unreadable");
}

TEST_F(SavedCheckpoint, EveryPickleProtocolIsRead)
{
	for (const char *name : { "protocol1", "protocol3", "protocol4", "protocol5" })
		expectAsInPyTorch(folder / (std::string(name) + ".pth"));
}

TEST_F(SavedCheckpoint, AnOrderedDictOfPython2IsRead)
{
	expectBothAsInPyTorch("python2");
}

TEST_F(SavedCheckpoint, PartsOfStoragesAreRead)
{
	expectAsInPyTorch(folder / "parts.pth");
}

TEST_F(SavedCheckpoint, CompressedZip64EntriesAreRead)
{
	expectAsInPyTorch(folder / "deflated.pth");
}

TEST_F(SavedCheckpoint, ContainersThatHoldThemselvesAreWalkedOnce)
{
	expectBothAsInPyTorch("looped");
}

TEST_F(SavedCheckpoint, TensorsOutliveAMove)
{
	Checkpoint first(folder / "state.zip.pth");
	const std::vector<double> values = valuesOf(first, first.tensors()[0].tensor);
	Checkpoint second(folder / "deflated.pth");
	second = std::move(first);
	EXPECT_EQ(valuesOf(second, second.tensors()[0].tensor), values);
}

TEST_F(SavedCheckpoint, NothingThatAFileNamesIsCalled)
{
	expectBothAsInPyTorch("call");
	expectError(folder / "onlyCall.pth", Error::Kind::Unreadable, "holds no tensors");
	EXPECT_FALSE(fs::exists(folder / "was-called"));
}

TEST_F(SavedCheckpoint, AFileWithoutTensorsIsRefused)
{
	expectError(folder / "noTensors.pth", Error::Kind::Unreadable, "holds no tensors");
}

TEST_F(SavedCheckpoint, BigEndianFilesAreRefused)
{
	const char *predicate = "was saved on a big-endian machine; load it in PyTorch and save it "
				"again on a little-endian one";
	expectError(folder / "bigEndian.zip.pth", Error::Kind::Unsupported, predicate);
	expectError(folder / "bigEndian.stream.pth", Error::Kind::Unsupported, predicate);
}

TEST_F(SavedCheckpoint, OtherZipArchivesAreRefused)
{
	expectError(folder / "script.pth", Error::Kind::Unsupported,
	            "is a TorchScript program, not a file of weights; save the model's "
	            "state_dict() instead");
	expectError(folder / "otherZip.pth", Error::Kind::Unreadable,
	            "is a zip archive, but not one that torch.save writes");
	expectError(folder / "bzip2.pth", Error::Kind::Unsupported,
	            "is compressed in a way that is not handled; only stored and deflated "
	            "entries are");
}

TEST_F(SavedCheckpoint, TensorsBeyondTheirStorageAreRefused)
{
	int count = 0;
	for (const auto &file : fs::directory_iterator(folder)) {
		if (!file.path().filename().string().starts_with("lie."))
			continue;
		expectDamaged(file.path());
		count++;
	}
	EXPECT_EQ(count, 17);
}

TEST_F(SavedCheckpoint, HostilePicklesAreRefused)
{
	for (const char *name : { "nested", "marks", "duplicates", "values", "unknownOpcode",
	                          "names", "keys", "doubled" })
		expectDamaged(folder / ("hostile." + std::string(name) + ".pth"));
}

TEST_F(SavedCheckpoint, AZipBombIsRefused)
{
	expectError(folder / "hostile.bomb.pth", Error::Kind::Unsupported,
	            "is compressed so much that it is not safe to unpack");
}

TEST_F(SavedCheckpoint, TruncatedFilesAreRefused)
{
	for (const char *name : { "state.zip.pth", "state.stream.pth", "training.stream.pth" }) {
		const std::string whole = readFile(folder / name);
		for (int sixteenths = 0; sixteenths < 16; sixteenths++) {
			writeFile(folder / "cut", whole.substr(0, whole.size() * sixteenths / 16));
			EXPECT_FALSE(readAll(folder / "cut")) << name << ", " << sixteenths;
		}
	}
}

TEST_F(SavedCheckpoint, DamagedBytesNeverCrash)
{
	std::mt19937 random(1);
	for (const char *name : { "state.zip.pth", "state.stream.pth", "deflated.pth" }) {
		const std::string whole = readFile(folder / name);
		for (int round = 0; round < 2000; round++) {
			std::string damaged = whole;
			for (unsigned i = 0; i <= round % 4u; i++)
				damaged[random() % damaged.size()] ^=
					static_cast<char>(1 + random() % 255);
			writeFile(folder / "damaged", damaged);
			readAll(folder / "damaged");
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
			writeFile(folder / "damaged", damaged);
			readAll(folder / "damaged");
		}
	}
}

TEST_F(CheckpointFile, AMissingFileIsNotFound)
{
	expectError(folder / "missing.pth", Error::Kind::NotFound, "does not exist");
	expectError(folder / "missing" / "file.pth", Error::Kind::NotFound, "does not exist");
}

TEST_F(CheckpointFile, WhatIsNotAFileIsRefused)
{
	expectError(folder, Error::Kind::Unreadable, "is a folder, not a file");
	expectError("/dev/null", Error::Kind::Unreadable, "is not a regular file");
}

TEST_F(CheckpointFile, AnEmptyFileIsRefused)
{
	writeFile(folder / "empty", "");
	expectError(folder / "empty", Error::Kind::Unreadable, "is empty");
}

TEST_F(CheckpointFile, AFileOfAnotherFormatIsRefused)
{
	const char *predicate = "is not a checkpoint that can be read: neither torch.save's zip "
				"format nor its older stream format";
	for (const char *content : { "x", "not a checkpoint\n", "\x80\x02}q.", "PK" }) {
		writeFile(folder / "other", content);
		expectError(folder / "other", Error::Kind::Unreadable, predicate);
	}
}

} /* namespace */
