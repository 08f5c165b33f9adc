/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "checkpoint/checkpoint.h"
#include "error.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace fs = std::filesystem;

/** \brief The first elements in row-major order */
std::vector<double> valuesOf(const fm::Checkpoint &checkpoint, const fm::TensorView &tensor);

std::string readFile(const fs::path &file);
void writeFile(const fs::path &file, std::string_view content);

/** \brief Compares with what make_checkpoints.py wrote about \a file */
void expectAsInPython(const fs::path &file);

/** \brief That opening \a file fails so, with a detail that names a byte or \a detail */
void expectError(const fs::path &file, fm::Error::Kind kind, const std::string &predicate,
                 const std::string &detail = "byte ");

void expectDamaged(const fs::path &file);

/** \brief Works in a folder of its own that goes with it */
class CheckpointFile : public testing::Test
{
protected:
	static void SetUpTestSuite();
	static void TearDownTestSuite() { fs::remove_all(folder); }

	static inline fs::path folder;
};

/** \brief The files of make_checkpoints.py */
class SavedCheckpoint : public CheckpointFile
{
protected:
	static void SetUpTestSuite();
	void SetUp() override;

	/** \brief As torch.save writes it in its two formats */
	static void expectBothAsInPython(const std::string &name);

	/** \brief The files whose names begin with \a prefix */
	static std::vector<fs::path> filesOf(std::string_view prefix);

	static inline bool isMade = false;
};
