/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpointfile.h"

#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

namespace {

using fm::Checkpoint;
using fm::Error;
using fm::NamedTensor;
using fm::ScalarType;
using fm::TensorView;

/* Enough for every tensor of the tests; a damaged file may claim 2^62 elements by strides of 0. */
constexpr int64_t mostElementsRead = 1000;

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

} /* namespace */

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

std::string readFile(const fs::path &file)
{
	std::ifstream in(file, std::ios::binary);
	return { std::istreambuf_iterator<char>(in), {} };
}

void writeFile(const fs::path &file, std::string_view content)
{
	std::ofstream(file, std::ios::binary).write(content.data(), std::ssize(content));
}

void expectAsInPython(const fs::path &file)
{
	SCOPED_TRACE(file);
	const std::vector<Expected> expected = readExpected(file);
	ASSERT_FALSE(expected.empty());
	const Checkpoint checkpoint(file);
	ASSERT_EQ(checkpoint.tensors().size(), expected.size());
	for (std::size_t i = 0; i < expected.size(); i++)
		expectEqual(checkpoint, checkpoint.tensors()[i], expected[i]);
}

void expectError(const fs::path &file, Error::Kind kind, const std::string &predicate,
                 const std::string &detail)
{
	SCOPED_TRACE(file);
	try {
		const Checkpoint checkpoint(file);
		FAIL() << "no error";
	} catch (const Error &error) {
		EXPECT_EQ(error.kind, kind);
		EXPECT_EQ(error.what(), "'" + file.string() + "' " + predicate) << error.detail;
		EXPECT_NE(error.detail.find(detail), std::string::npos) << error.detail;
	}
}

void expectDamaged(const fs::path &file)
{
	expectError(file, Error::Kind::Unreadable, "is cut off or damaged");
}

void CheckpointFile::SetUpTestSuite()
{
	std::string name = (fs::temp_directory_path() / "checkpoint-XXXXXX").string();
	folder = mkdtemp(name.data());
}

void SavedCheckpoint::SetUpTestSuite()
{
	CheckpointFile::SetUpTestSuite();
	const char *python = std::getenv("FM_PYTHON");
	const char *source = std::getenv("FM_SOURCE_ROOT");
	if (!python || !source)
		return;
	const std::string command = "'" + std::string(python) + "' '" + source +
	                            "/tests/parity/make_checkpoints.py' '" + folder.string() + "'";
	isMade = std::system(command.c_str()) == 0;
}

void SavedCheckpoint::SetUp()
{
	if (!std::getenv("FM_PYTHON") || !std::getenv("FM_SOURCE_ROOT"))
		GTEST_SKIP() << "FM_PYTHON and FM_SOURCE_ROOT do not say how to make files";
	ASSERT_TRUE(isMade) << "make_checkpoints.py failed";
}

void SavedCheckpoint::expectBothAsInPython(const std::string &name)
{
	expectAsInPython(folder / (name + ".zip.pth"));
	expectAsInPython(folder / (name + ".stream.pth"));
}

std::vector<fs::path> SavedCheckpoint::filesOf(std::string_view prefix)
{
	std::vector<fs::path> files;
	for (const auto &file : fs::directory_iterator(folder))
		if (file.path().filename().string().starts_with(prefix) &&
		    file.path().extension() != ".txt")
			files.push_back(file.path());
	return files;
}
