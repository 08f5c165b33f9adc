/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace fm::safetensors {

/** \brief What a header says of one tensor */
struct Entry {
	std::string name;
	std::string type;
	std::vector<int64_t> shape;
	uint64_t begin; /**< Of its bytes, counted from the end of the header */
	uint64_t end;
};

/**
 * \brief The JSON object with which a file of the safetensors library begins
 *
 * What it says beyond the tensors ("__metadata__") is passed over.
 */
class Header
{
public:
	/** \param place Where \a json is in the file, for errors */
	Header(std::string_view json, std::size_t place)
		: json_(json), place_(place), at_(json.data())
	{
	}

	/**
	 * \brief Calls \a take with each tensor, in order
	 * \throws FormatError if this is no JSON or no such header
	 */
	void read(const std::function<void(Entry)> &take);

	/** \throws FormatError that says how far read() has come, and \a what is wrong there */
	[[noreturn]] void fail(const std::string &what,
	                       std::source_location where = std::source_location::current()) const;

private:
	std::string_view json_;
	std::size_t place_;
	const char *at_;
};

} /* namespace fm::safetensors */
