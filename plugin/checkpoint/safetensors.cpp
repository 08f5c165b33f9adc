/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/bytereader.h"
#include "checkpoint/fileformat.h"
#include "checkpoint/safetensorsheader.h"
#include "checkpoint/tensorshape.h"

#include <algorithm>

namespace fm {

namespace {

/* As in the reference implementation */
constexpr uint64_t longestHeader = 100'000'000;

struct TypeName {
	std::string_view name;
	ScalarType type;
};

constexpr TypeName typeNames[] = {
	{ "F64", ScalarType::Float64 },        { "F32", ScalarType::Float32 },
	{ "F16", ScalarType::Float16 },        { "BF16", ScalarType::BFloat16 },
	{ "F8_E5M2", ScalarType::Float8E5M2 }, { "F8_E4M3", ScalarType::Float8E4M3 },
	{ "I64", ScalarType::Int64 },          { "I32", ScalarType::Int32 },
	{ "I16", ScalarType::Int16 },          { "I8", ScalarType::Int8 },
	{ "U8", ScalarType::UInt8 },           { "BOOL", ScalarType::Bool },
};

/** \brief The tensors of a header, over the data that follow it */
class Collector
{
public:
	explicit Collector(std::span<const std::byte> file, std::size_t dataPlace)
		: data_(file.subspan(dataPlace)), dataPlace_(dataPlace), storages_(file.size())
	{
	}

	/** \throws FormatError at the place where \a header is */
	void add(safetensors::Entry entry, const safetensors::Header &header);
	FileTensors finish()
	{
		return { std::move(tensors_), std::move(unread_), std::move(storages_) };
	}

private:
	std::span<const std::byte> data_;
	std::size_t dataPlace_;
	std::vector<NamedTensor> tensors_;
	std::vector<UnreadTensor> unread_;
	Storages storages_;
};

void Collector::add(safetensors::Entry entry, const safetensors::Header &header)
{
	if (entry.begin > entry.end || entry.end > data_.size())
		header.fail("data from " + std::to_string(entry.begin) + " to " +
		            std::to_string(entry.end) + ", but there are " +
		            std::to_string(data_.size()) + " bytes");
	const auto found = std::ranges::find(typeNames, entry.type, &TypeName::name);
	if (found == std::end(typeNames)) {
		unread_.push_back({ std::move(entry.name), std::string(entry.type) });
		return;
	}

	const uint64_t size = entry.end - entry.begin;
	const std::optional<uint64_t> count = countElements(entry.shape);
	uint64_t expected = 0;
	if (!count || __builtin_mul_overflow(*count, elementSize(found->type), &expected) ||
	    expected != size)
		header.fail("a tensor whose data have another size than its shape, " +
		            std::to_string(size) + " bytes");
	const std::size_t storage = storages_.add(
		{ .name = "safetensors, byte " + std::to_string(dataPlace_ + entry.begin),
	          .packed = data_.subspan(entry.begin, size),
	          .size = size });
	std::vector<int64_t> strides = rowMajorStrides(entry.shape);
	tensors_.push_back(
		{ std::move(entry.name),
	          { found->type, std::move(entry.shape), std::move(strides), 0, storage } });
}

} /* namespace */

/* The size of a JSON object as a number of eight bytes, of which the last is 0, and the object */
bool isSafetensors(std::span<const std::byte> file)
{
	return file.size() > 8 && file[7] == std::byte{} && file[8] == std::byte{ '{' };
}

FileTensors readSafetensors(std::span<const std::byte> file)
{
	ByteReader reader(file, "safetensors");
	const uint64_t size = reader.number<uint64_t>();
	if (size > longestHeader)
		reader.fail("a header of " + std::to_string(size) + " bytes, more than the " +
		            std::to_string(longestHeader) + " that are allowed");
	const std::size_t place = reader.position();
	safetensors::Header header(reader.text(size), place);
	Collector collector(file, reader.position());
	header.read([&](safetensors::Entry entry) { collector.add(std::move(entry), header); });
	return collector.finish();
}

} /* namespace fm */
