/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpointfile.h"

#include <algorithm>

namespace {

using fm::Checkpoint;
using fm::Error;

/** \brief For each protocol that \a name was written with */
void expectAllAsInPython(const fs::path &folder, const std::string &name, int protocols = 6)
{
	for (int protocol = 0; protocol < protocols; protocol++)
		expectAsInPython(folder / (name + std::to_string(protocol) + ".pkl"));
}

/** \brief A short header, and eight bytes of data */
void writeSafetensors(const fs::path &file, const std::string &header)
{
	std::string size(8, '\0');
	size[0] = static_cast<char>(header.size());
	writeFile(file, size + header + std::string(8, '\0'));
}

TEST_F(SavedCheckpoint, PickledArraysAreReadInEveryProtocol)
{
	expectAllAsInPython(folder, "arrays");
	EXPECT_EQ(Checkpoint(folder / "arrays0.pkl").format(), "pickle");
	EXPECT_EQ(Checkpoint(folder / "arrays5.pkl").format(), "pickle");
}

TEST_F(SavedCheckpoint, ArraysOfNumpy1AreRead)
{
	expectAllAsInPython(folder, "numpy1.");
}

TEST_F(SavedCheckpoint, ArraysOfPython2AreRead)
{
	expectAllAsInPython(folder, "python2.", 3);
}

TEST_F(SavedCheckpoint, FilesOfDetectron2AreRead)
{
	expectAllAsInPython(folder, "detectron");
	EXPECT_EQ(Checkpoint(folder / "detectron4.pkl").tensors()[0].name,
	          "model.backbone.bottom_up.stem.conv1.weight");
}

TEST_F(SavedCheckpoint, APickleMayBeOneArrayOrAnOrderedDict)
{
	expectAsInPython(folder / "array.pkl");
	expectAsInPython(folder / "ordered.pkl");
}

TEST_F(SavedCheckpoint, ArraysInACheckpointOfTorchAreRead)
{
	expectBothAsInPython("arrays");
	expectAsInPython(folder / "deflatedArrays.pth");
}

TEST_F(SavedCheckpoint, AnArrayThatIsMentionedTwiceIsKeptOnce)
{
	expectAsInPython(folder / "shared.pkl");
	const Checkpoint checkpoint(folder / "shared.pkl");
	EXPECT_EQ(checkpoint.tensors()[0].tensor.storage, checkpoint.tensors()[1].tensor.storage);
}

TEST_F(SavedCheckpoint, NothingThatAPickleNamesIsCalled)
{
	for (const char *name : { "call0.pkl", "call2.pkl", "call4.pkl" })
		expectAsInPython(folder / name);
	EXPECT_FALSE(fs::exists(folder / "was-called"));
}

TEST_F(SavedCheckpoint, TensorsOfPickleAloneAreRefused)
{
	expectError(folder / "alone.pkl", Error::Kind::Unsupported,
	            "holds tensors that were written by pickle alone; save them with torch.save "
	            "instead");
}

TEST_F(SavedCheckpoint, SafetensorsAreRead)
{
	expectAsInPython(folder / "types.safetensors");
	expectAsInPython(folder / "small.safetensors");
	EXPECT_EQ(Checkpoint(folder / "small.safetensors").format(), "safetensors");
}

TEST_F(SavedCheckpoint, WhatAHeaderSaysAsideIsPassedOver)
{
	expectAsInPython(folder / "aside.safetensors");
}

TEST_F(SavedCheckpoint, SafetensorsOfOtherTypesAreKnownByNameAndType)
{
	const std::string header = R"({"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]},)"
				   R"("b":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}})";
	writeSafetensors(folder / "complex.safetensors", header);
	const Checkpoint file(folder / "complex.safetensors");
	EXPECT_EQ(file.tensors().size(), 1);
	ASSERT_EQ(file.unread().size(), 1);
	EXPECT_EQ(file.unread()[0].name, "a");
	EXPECT_EQ(file.unread()[0].type, "C64");
}

TEST_F(SavedCheckpoint, AFileOfOtherTypesAloneIsRefusedByTheirName)
{
	const std::string header = R"({"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}})";
	writeSafetensors(folder / "alone.safetensors", header);
	expectError(folder / "alone.safetensors", Error::Kind::Unreadable,
	            "holds no tensors that can be read", "the first is a (C64)");
}

TEST_F(SavedCheckpoint, PickledArraysOfOtherTypesAreKnownByNameAndType)
{
	for (const char *name : { "arrays0.pkl", "arrays5.pkl" }) {
		const Checkpoint file(folder / name);
		const auto found =
			std::ranges::find(file.unread(), "other.c8", &fm::UnreadTensor::name);
		ASSERT_NE(found, file.unread().end());
		EXPECT_EQ(found->type, "c8");
	}
}

TEST_F(SavedCheckpoint, SafetensorsWithoutTensorsAreRefused)
{
	expectError(folder / "none.safetensors", Error::Kind::Unreadable, "holds no tensors",
	            "safetensors");
}

TEST_F(SavedCheckpoint, WrongHeadersAreRefused)
{
	const auto files = filesOf("bad.");
	EXPECT_EQ(files.size(), 34u);
	for (const fs::path &file : files)
		expectDamaged(file);
}

} /* namespace */
