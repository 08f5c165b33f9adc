/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/pickleliteral.h"

#include "checkpoint/bytereader.h"

#include <bit>
#include <charconv>

namespace fm::pickle {

namespace {

/** \brief A two's complement number of \a size bytes, little-endian */
Value longNumber(ByteReader &reader, uint64_t size)
{
	const auto bytes = reader.take(size);
	if (size > sizeof(int64_t))
		return BigInt{};
	const bool isNegative = size && (bytes.back() & std::byte{ 0x80 }) != std::byte{};
	uint64_t value = isNegative ? ~uint64_t{} : 0;
	for (std::size_t i = size; i-- > 0;)
		value = value << 8 | std::to_integer<uint64_t>(bytes[i]);
	return static_cast<int64_t>(value);
}

Value decimalNumber(ByteReader &reader)
{
	const std::string_view line = reader.line();
	if (line == "00" || line == "01") /* False and True before protocol 2 */
		return line == "01";
	int64_t value = 0;
	const auto result = std::from_chars(line.data(), line.data() + line.size(), value);
	if (result.ec == std::errc::result_out_of_range)
		return BigInt{};
	if (result.ec != std::errc{})
		reader.fail("not a whole number");
	return value;
}

Value decimalFraction(ByteReader &reader)
{
	const std::string_view line = reader.line();
	double value = 0;
	const auto result = std::from_chars(line.data(), line.data() + line.size(), value);
	if (result.ec == std::errc::invalid_argument)
		reader.fail("not a number");
	return value;
}

/** \brief The one number of the format that is big-endian */
Value binaryFraction(ByteReader &reader)
{
	return std::bit_cast<double>(__builtin_bswap64(reader.number<uint64_t>()));
}

Value text(ByteReader &reader, uint64_t size)
{
	return Text{ reader.text(size) };
}

Value bytes(ByteReader &reader, uint64_t size)
{
	return Bytes{ reader.take(size) };
}

std::optional<Value> readConstant(Opcode opcode)
{
	switch (opcode) {
	case Opcode::None:
		return None{};
	case Opcode::NewTrue:
		return true;
	case Opcode::NewFalse:
		return false;
	case Opcode::EmptyTuple:
		return Tuple{};
	case Opcode::EmptyList:
	case Opcode::EmptySet:
		return List{};
	case Opcode::EmptyDict:
		return Dict{};
	default:
		return std::nullopt;
	}
}

std::optional<Value> readNumber(Opcode opcode, ByteReader &reader)
{
	switch (opcode) {
	case Opcode::BinInt:
		return int64_t{ reader.number<int32_t>() };
	case Opcode::BinInt1:
		return int64_t{ reader.number<uint8_t>() };
	case Opcode::BinInt2:
		return int64_t{ reader.number<uint16_t>() };
	case Opcode::Long1:
		return longNumber(reader, reader.number<uint8_t>());
	case Opcode::Long4:
		return longNumber(reader, reader.number<uint32_t>());
	case Opcode::Int:
	case Opcode::Long:
		return decimalNumber(reader);
	case Opcode::BinFloat:
		return binaryFraction(reader);
	case Opcode::Float:
		return decimalFraction(reader);
	default:
		return std::nullopt;
	}
}

std::optional<Value> readText(Opcode opcode, ByteReader &reader)
{
	switch (opcode) {
	case Opcode::ShortBinString: /* a str of Python 2 */
	case Opcode::ShortBinUnicode:
		return text(reader, reader.number<uint8_t>());
	case Opcode::BinString:
	case Opcode::BinUnicode:
		return text(reader, reader.number<uint32_t>());
	case Opcode::BinUnicode8:
		return text(reader, reader.number<uint64_t>());
	case Opcode::String:
		return Text{ reader.line(), Text::Notation::Literal };
	case Opcode::Unicode:
		return Text{ reader.line(), Text::Notation::RawUnicode };
	case Opcode::Global:
		return readGlobal(reader);
	case Opcode::ShortBinBytes:
		return bytes(reader, reader.number<uint8_t>());
	case Opcode::BinBytes:
		return bytes(reader, reader.number<uint32_t>());
	case Opcode::BinBytes8:
	case Opcode::ByteArray8:
		return bytes(reader, reader.number<uint64_t>());
	default:
		return std::nullopt;
	}
}

} /* namespace */

std::optional<Value> readLiteral(Opcode opcode, ByteReader &reader)
{
	if (auto constant = readConstant(opcode))
		return constant;
	if (auto number = readNumber(opcode, reader))
		return number;
	return readText(opcode, reader);
}

Global readGlobal(ByteReader &reader)
{
	const std::string_view module = reader.line();
	return { module, reader.line() };
}

} /* namespace fm::pickle */
