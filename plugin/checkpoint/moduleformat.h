/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <filesystem>
#include <optional>

#include "checkpoint/compiledpackage.h"

namespace fm {

/**
 * \brief Tells from a file's content which kind of module it holds; nothing of it is run
 *
 * \return What a compiled package says of itself; nothing for a TorchScript archive
 * \throws Error NotFound, Unreadable, Unsupported; Mismatch for a checkpoint
 */
std::optional<CompiledPackage> readModuleFormat(const std::filesystem::path &file);

} /* namespace fm */
