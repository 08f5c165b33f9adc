/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "backbone/level.h"
#include "error.h"
#include "fileversion.h"

namespace fm {

struct ComponentBasis;

/**
 * \brief Reads principal components from files, for a view whose settings change: once each
 *
 * A file is a weights file of any format. Of each of its levels it has three tensors, as the
 * attributes of scikit-learn's PCA are:
 *
 *     LEVEL.mean                [C]
 *     LEVEL.components          [n, C], of n >= 3 the first three are read
 *     LEVEL.explained_variance  [n]
 */
class BasisFile
{
public:
	/**
	 * \brief The basis that \a file has for \a level
	 *
	 * What was read last is the same, or fails the same way, until another file or level is
	 * asked for or the file has another content; it stays where the file is gone.
	 *
	 * \throws Error NotFound, Unreadable, Unsupported, Mismatch
	 */
	std::shared_ptr<const ComponentBasis> basisOf(const Level &level, const std::string &file);

	void forget() { last_.reset(); }

private:
	struct Reading {
		FileVersion version;
		std::string level;
		int channels;
		std::shared_ptr<const ComponentBasis> basis; /* Null where there is an error. */
		std::optional<Error> error;
	};

	bool knows(const FileVersion &version, const Level &level) const;

	std::optional<Reading> last_;
};

} /* namespace fm */
