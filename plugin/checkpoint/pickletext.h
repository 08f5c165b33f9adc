/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace fm::pickle {

/** \brief A string where it lies in a pickle, as it is written there */
struct Text {
	enum class Notation {
		Plain,      /**< UTF-8; from Python 2 also any bytes */
		Literal,    /**< Protocol 0's str: in quotes, with escapes such as \\x00 */
		RawUnicode, /**< Protocol 0's unicode: Latin-1, and \\u with four digits */
	};

	std::string_view written;
	Notation notation = Notation::Plain;
};

/** \brief What a text says, in UTF-8; bytes from Python 2 as they are */
std::string decode(const Text &text);

/**
 * \brief Fills \a bytes with what \a text stands for; false if that is not of their number
 *
 * One byte per character: Python's text.encode("latin1"), by which bytes get into pickles of
 * protocol 0 to 2.
 */
bool encodeLatin1(const Text &text, std::span<std::byte> bytes);

} /* namespace fm::pickle */
