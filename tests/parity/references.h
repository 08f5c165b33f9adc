/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdint>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "../scriptfolder.h"
#include "frame/frame.h"

/** \brief What make_references.py writes; made once for each run of the test program */
class References
{
public:
	static constexpr fm::Size imageSize = { 201, 133 };

	static const References &get()
	{
		static const References references;
		return references;
	}

	std::string path(const std::string &name) const { return folder_.path(name); }

	std::vector<uint8_t> bytes(const std::string &name) const
	{
		std::ifstream file(path(name), std::ios::binary);
		if (!file)
			throw std::runtime_error("make_references.py wrote no " + name);
		return { std::istreambuf_iterator<char>(file), {} };
	}

	/** \brief The random image that all references are made from */
	fm::Frame image() const
	{
		auto *data = const_cast<uint8_t *>(image_.data());
		return {
			fm::PixelFormat::Rgb, imageSize, { { data, 3 * imageSize.width } }, {}, {}
		};
	}

private:
	References() { image_ = bytes("image.rgb"); }

	ScriptFolder folder_{ "parity/make_references.py" };
	std::vector<uint8_t> image_;
};
