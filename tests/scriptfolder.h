/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

/** \brief A folder for a while, with what a Python script of the tests wrote into it */
class ScriptFolder
{
public:
	/** \param script Below tests/; called with the folder's name */
	explicit ScriptFolder(const std::string &script)
	{
		std::string name = std::filesystem::temp_directory_path() / "featuremosaic-XXXXXX";
		if (!mkdtemp(name.data()))
			throw std::runtime_error("no temporary folder");
		folder_ = name;

		const std::string command = std::string("'") + std::getenv("FM_PYTHON") + "' '" +
		                            std::getenv("FM_SOURCE_ROOT") + "/tests/" + script +
		                            "' '" + name + "'";
		if (std::system(command.c_str()) != 0)
			throw std::runtime_error(script + " failed");
	}

	~ScriptFolder() { std::filesystem::remove_all(folder_); }
	ScriptFolder(const ScriptFolder &) = delete;
	ScriptFolder &operator=(const ScriptFolder &) = delete;

	std::string path(const std::string &name) const { return folder_ / name; }

private:
	std::filesystem::path folder_;
};
