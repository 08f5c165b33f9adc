/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "error.h"

#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>

namespace fm {

/**
 * \brief What is wrong with a file, said by code that does not know the file's name
 *
 * what() is a sentence without its subject ("is cut off or damaged"); the Checkpoint puts the
 * file's name in front and throws the whole as an Error.
 */
class FormatError : public std::runtime_error
{
public:
	FormatError(Error::Kind kind, const std::string &predicate, std::string detail,
	            std::source_location where = std::source_location::current())
		: std::runtime_error(predicate), kind(kind), detail(std::move(detail)), where(where)
	{
	}

	const Error::Kind kind;
	const std::string detail;
	const std::source_location where;
};

[[noreturn]] inline void throwDamaged(std::string detail,
                                      std::source_location where = std::source_location::current())
{
	throw FormatError(Error::Kind::Unreadable, "is cut off or damaged", std::move(detail),
	                  where);
}

} /* namespace fm */
