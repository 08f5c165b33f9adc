/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <stdlib.h>

/** \brief What make_weights.py writes, in a folder that goes with the test program */
class Weights
{
public:
	static std::string path(const std::string &name)
	{
		static const Weights weights;
		return weights.folder_ / name;
	}

private:
	Weights()
	{
		std::string name = std::filesystem::temp_directory_path() / "featuremosaic-XXXXXX";
		if (!mkdtemp(name.data()))
			throw std::runtime_error("no temporary folder");
		folder_ = name;
		const std::string command = std::string("'") + std::getenv("FM_PYTHON") + "' '" +
		                            std::getenv("FM_SOURCE_ROOT") +
		                            "/tests/element/make_weights.py' '" + name + "'";
		if (std::system(command.c_str()) != 0)
			throw std::runtime_error("make_weights.py failed");
	}
	~Weights() { std::filesystem::remove_all(folder_); }

	std::filesystem::path folder_;
};

inline std::string weightsProperty(const std::string &file)
{
	return "weights=\"" + file + "\"";
}
