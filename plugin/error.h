/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>

namespace fm {

/** \brief What went wrong: one sentence for a person (what()), the rest for a log */
class Error : public std::runtime_error
{
public:
	enum class Kind {
		NotFound,    /**< A file or a device that was named does not exist */
		Unreadable,  /**< A file is there, but cannot be read as what it should be */
		Mismatch,    /**< A file can be read, but does not belong to the backbone */
		BadSetting,  /**< A property's value does not fit the model or the video */
		Unsupported, /**< Well formed, but not handled here */
		NoDevice,    /**< The device that was asked for cannot be used */
		OutOfMemory,
		Internal,
	};

	Error(Kind kind, const std::string &sentence, std::string detail = {},
	      std::source_location where = std::source_location::current())
		: std::runtime_error(sentence), kind(kind), detail(std::move(detail)), where(where)
	{
	}

	const Kind kind;
	const std::string detail;
	const std::source_location where;
};

} /* namespace fm */
