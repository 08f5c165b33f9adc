/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string>

#include "../scriptfolder.h"

/** \brief What make_weights.py writes, in a folder that goes with the test program */
class Weights
{
public:
	static std::string path(const std::string &name)
	{
		static const ScriptFolder folder("element/make_weights.py");
		return folder.path(name);
	}
};

inline std::string weightsProperty(const std::string &file)
{
	return "weights=\"" + file + "\"";
}
