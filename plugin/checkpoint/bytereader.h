/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "checkpoint/formaterror.h"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace fm {

/** \brief Reads a span of bytes from front to back; every read beyond its end is a FormatError */
class ByteReader
{
public:
	/** \param name What the bytes are, for the detail of an error: "data.pkl" */
	ByteReader(std::span<const std::byte> bytes, std::string name)
		: bytes_(bytes), name_(std::move(name))
	{
	}

	const std::string &name() const { return name_; }
	std::size_t position() const { return position_; }
	std::size_t remaining() const { return bytes_.size() - position_; }

	void seek(uint64_t position)
	{
		if (position > bytes_.size())
			fail("points beyond the end, to byte " + std::to_string(position));
		position_ = position;
	}

	std::span<const std::byte> take(uint64_t count)
	{
		if (count > remaining())
			fail(std::to_string(count) + " bytes expected, " +
			     std::to_string(remaining()) + " left");
		const auto taken = bytes_.subspan(position_, count);
		position_ += count;
		return taken;
	}

	std::string_view text(uint64_t count)
	{
		const auto taken = take(count);
		return { reinterpret_cast<const char *>(taken.data()), taken.size() };
	}

	/** \brief Text up to the next newline, which is taken too */
	std::string_view line()
	{
		const std::byte *start = bytes_.data() + position_;
		const void *end = remaining() ? std::memchr(start, '\n', remaining()) : nullptr;
		if (!end)
			fail("a line without an end");
		const std::string_view found = text(static_cast<const std::byte *>(end) - start);
		position_++;
		return found;
	}

	/** \brief A little-endian number */
	template<std::integral Number>
	Number number()
	{
		std::make_unsigned_t<Number> value = 0;
		unsigned shift = 0;
		for (const std::byte byte : take(sizeof(Number))) {
			value |= static_cast<decltype(value)>(std::to_integer<uint64_t>(byte)
			                                      << shift);
			shift += 8;
		}
		return static_cast<Number>(value);
	}

	[[noreturn]] void fail(const std::string &what,
	                       std::source_location where = std::source_location::current()) const
	{
		throwDamaged(name_ + ", byte " + std::to_string(position_) + ": " + what, where);
	}

private:
	std::span<const std::byte> bytes_;
	std::string name_;
	std::size_t position_ = 0;
};

} /* namespace fm */
