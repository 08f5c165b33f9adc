/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/pickletext.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace fm::pickle {

namespace {

constexpr uint32_t replacement = 0xfffd;

/** \brief Takes a text apart; what is malformed comes out as the replacement character */
class Characters
{
public:
	explicit Characters(const Text &text) : rest_(text.written), notation_(text.notation)
	{
		if (notation_ == Text::Notation::Literal)
			removeQuotes();
	}

	bool areLeft() const { return !rest_.empty(); }
	uint32_t next();

private:
	void removeQuotes();
	uint32_t nextPlain();
	uint32_t nextLiteral();
	uint32_t nextRawUnicode();
	uint8_t take();
	uint32_t hexadecimal(std::size_t digits);

	std::string_view rest_;
	Text::Notation notation_;
};

void Characters::removeQuotes()
{
	const bool isQuoted = rest_.size() >= 2 && rest_.front() == rest_.back() &&
	                      (rest_.front() == '\'' || rest_.front() == '"');
	if (isQuoted)
		rest_ = rest_.substr(1, rest_.size() - 2);
}

uint32_t Characters::next()
{
	switch (notation_) {
	case Text::Notation::Literal:
		return nextLiteral();
	case Text::Notation::RawUnicode:
		return nextRawUnicode();
	case Text::Notation::Plain:
		break;
	}
	return nextPlain();
}

/** \brief UTF-8; what Python would refuse beyond the two-byte forms is no Latin-1 anyway */
uint32_t Characters::nextPlain()
{
	const uint8_t first = take();
	if (first < 0x80)
		return first;
	const bool isOfTwo = first >= 0xc2 && first < 0xe0 && areLeft() &&
	                     (static_cast<uint8_t>(rest_.front()) & 0xc0) == 0x80;
	if (!isOfTwo)
		return replacement;
	return (first & 0x1fU) << 6 | (take() & 0x3fU);
}

uint32_t Characters::nextLiteral()
{
	const uint8_t first = take();
	if (first != '\\')
		return first;
	constexpr std::string_view letters = "\\'\"abfnrtv";
	constexpr std::string_view meanings = "\\'\"\a\b\f\n\r\t\v";
	const char letter = areLeft() ? static_cast<char>(take()) : '\0';
	if (letter == 'x')
		return hexadecimal(2);
	const std::size_t found = letters.find(letter);
	return found == std::string_view::npos ? replacement
	                                       : static_cast<uint8_t>(meanings[found]);
}

uint32_t Characters::nextRawUnicode()
{
	const uint8_t first = take();
	if (first != '\\' || !areLeft() || (rest_.front() != 'u' && rest_.front() != 'U'))
		return first;
	return hexadecimal(take() == 'u' ? 4 : 8);
}

uint8_t Characters::take()
{
	const auto first = static_cast<uint8_t>(rest_.front());
	rest_.remove_prefix(1);
	return first;
}

uint32_t Characters::hexadecimal(std::size_t digits)
{
	const std::string_view number = rest_.substr(0, digits);
	rest_.remove_prefix(number.size());
	uint32_t value = replacement;
	const char *end = number.data() + number.size();
	const auto result = std::from_chars(number.data(), end, value, 16);
	return number.size() == digits && result.ptr == end ? value : replacement;
}

void appendUtf8(uint32_t character, std::string &text)
{
	if (character < 0x80) {
		text += static_cast<char>(character);
		return;
	}
	int continuations = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
	const uint32_t lead[] = { 0, 0xc0, 0xe0, 0xf0 };
	text += static_cast<char>(lead[continuations] | character >> 6 * continuations);
	while (continuations-- > 0)
		text += static_cast<char>(0x80 | (character >> 6 * continuations & 0x3f));
}

} /* namespace */

std::string decode(const Text &text)
{
	if (text.notation == Text::Notation::Plain)
		return std::string(text.written);
	const bool isOfBytes = text.notation == Text::Notation::Literal;
	std::string decoded;
	for (Characters characters(text); characters.areLeft();) {
		const uint32_t character = characters.next();
		if (isOfBytes && character < 0x100)
			decoded += static_cast<char>(character);
		else
			appendUtf8(std::min(character, uint32_t{ 0x10ffff }), decoded);
	}
	return decoded;
}

bool encodeLatin1(const Text &text, std::span<std::byte> bytes)
{
	Characters characters(text);
	for (std::byte &byte : bytes) {
		const uint32_t character = characters.areLeft() ? characters.next() : replacement;
		if (character > 0xff)
			return false;
		byte = static_cast<std::byte>(character);
	}
	return !characters.areLeft();
}

} /* namespace fm::pickle */
