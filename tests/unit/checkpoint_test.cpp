/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpointfile.h"

#include <cstdlib>
#include <sys/wait.h>

namespace {

using fm::Checkpoint;
using fm::Error;

TEST_F(SavedCheckpoint, FormatIsToldFromTheContent)
{
	EXPECT_EQ(Checkpoint(folder / "state.zip.pth").format(), "torch.save (zip)");
	EXPECT_EQ(Checkpoint(folder / "state.stream.pth").format(), "torch.save (stream)");
}

TEST_F(SavedCheckpoint, StateDictsHaveTheirNamesAndValues)
{
	expectBothAsInPython("state");
	expectBothAsInPython("plain");
}

TEST_F(SavedCheckpoint, EveryScalarTypeIsRead)
{
	expectBothAsInPython("types");
}

TEST_F(SavedCheckpoint, ViewsKeepOffsetAndStrides)
{
	expectBothAsInPython("views");
}

TEST_F(SavedCheckpoint, TensorsWithAttributesAreRead)
{
	expectBothAsInPython("attributes");
}

TEST_F(SavedCheckpoint, TensorsShareTheirStorage)
{
	expectBothAsInPython("shared");
	const Checkpoint checkpoint(folder / "shared.zip.pth");
	EXPECT_EQ(checkpoint.tensors()[0].tensor.storage, checkpoint.tensors()[2].tensor.storage);
}

TEST_F(SavedCheckpoint, TrainingCheckpointsAreFlattened)
{
	expectBothAsInPython("training");
	EXPECT_EQ(Checkpoint(folder / "training.zip.pth").tensors()[0].name, "model.weight");
}

TEST_F(SavedCheckpoint, ATensorAloneHasAnEmptyName)
{
	expectBothAsInPython("tensor");
}

TEST_F(SavedCheckpoint, AWholeModuleHasTheNamesOfItsStateDict)
{
	expectBothAsInPython("module");
}

TEST_F(SavedCheckpoint, AWholeNetworkOfTorchvisionIsRead)
{
	expectBothAsInPython("resnet18");
}

TEST_F(SavedCheckpoint, WhatFrameworksLeaveBehindIsRead)
{
	expectBothAsInPython("parallel");
	expectBothAsInPython("lightning");
}

TEST_F(SavedCheckpoint, TensorsOfOtherTypesAreLeftOut)
{
	expectBothAsInPython("unreadable");
}

TEST_F(SavedCheckpoint, TensorsThatAreLeftOutAreKnownByTheirNamesAndTypes)
{
	const std::string expected =
		"complex complex64, complexDouble complex128, float8 float8_e4m3fnuz, uint16 "
		"uint16, negated negated or conjugated, sparse sparse, meta meta, quantised "
		"quantised";
	for (const char *name : { "unreadable.zip.pth", "unreadable.stream.pth" }) {
		std::string found;
		const Checkpoint file(folder / name);
		for (const fm::UnreadTensor &tensor : file.unread())
			found += (found.empty() ? "" : ", ") + tensor.name + " " + tensor.type;
		EXPECT_EQ(found, expected) << name;
	}
}

TEST_F(SavedCheckpoint, EveryPickleProtocolIsRead)
{
	for (const char *name : { "protocol1", "protocol3", "protocol4", "protocol5" })
		expectAsInPython(folder / (std::string(name) + ".pth"));
}

TEST_F(SavedCheckpoint, AnOrderedDictOfPython2IsRead)
{
	expectBothAsInPython("python2");
}

TEST_F(SavedCheckpoint, PartsOfStoragesAreRead)
{
	expectAsInPython(folder / "parts.pth");
}

TEST_F(SavedCheckpoint, CompressedZip64EntriesAreRead)
{
	expectAsInPython(folder / "deflated.pth");
}

TEST_F(SavedCheckpoint, ElementsLieInTheFileUnlessTheyArePacked)
{
	const std::string content = readFile(folder / "state.zip.pth");
	const Checkpoint stored(std::as_bytes(std::span(content)), "state");
	const auto elements = stored.elements(stored.tensors()[0].tensor);
	EXPECT_GE(elements.data(), std::as_bytes(std::span(content)).data());
	EXPECT_LE(elements.data() + elements.size(),
	          std::as_bytes(std::span(content)).data() + content.size());

	const Checkpoint deflated(folder / "deflated.pth");
	const fm::TensorView &view = deflated.tensors()[0].tensor;
	EXPECT_EQ(deflated.elements(view).data(), deflated.elements(view).data());
}

TEST_F(SavedCheckpoint, WhatDoesNotUnpackIsAnErrorWhenItIsAskedFor)
{
	const std::pair<const char *, const char *> errors[] = {
		{ "more", "does not unpack" },
		{ "checksum", "wrong checksum" },
	};
	for (const auto &[name, detail] : errors) {
		const fs::path file = folder / ("late." + std::string(name) + ".pth");
		SCOPED_TRACE(file);
		const Checkpoint checkpoint(file);
		try {
			checkpoint.elements(checkpoint.tensors()[0].tensor);
			FAIL() << "no error";
		} catch (const Error &error) {
			EXPECT_EQ(error.kind, Error::Kind::Unreadable);
			EXPECT_EQ(error.what(), "'" + file.string() + "' is cut off or damaged");
			EXPECT_NE(error.detail.find(detail), std::string::npos) << error.detail;
			EXPECT_NE(error.detail.find(", byte "), std::string::npos) << error.detail;
		}
		EXPECT_FALSE(valuesOf(checkpoint, checkpoint.tensors()[1].tensor).empty());
	}
}

TEST_F(SavedCheckpoint, ContainersThatHoldThemselvesAreWalkedOnce)
{
	expectBothAsInPython("looped");
}

TEST_F(SavedCheckpoint, TensorsOutliveAMove)
{
	Checkpoint first(folder / "state.zip.pth");
	const std::vector<double> values = valuesOf(first, first.tensors()[0].tensor);
	Checkpoint second(folder / "deflated.pth");
	second = std::move(first);
	EXPECT_EQ(valuesOf(second, second.tensors()[0].tensor), values);
}

TEST_F(SavedCheckpoint, NothingThatAFileNamesIsCalled)
{
	expectBothAsInPython("call");
	expectError(folder / "onlyCall.pth", Error::Kind::Unreadable, "holds no tensors",
	            "torch.save");
	EXPECT_FALSE(fs::exists(folder / "was-called"));
}

TEST_F(SavedCheckpoint, AFileWithoutTensorsIsRefused)
{
	expectError(folder / "noTensors.pth", Error::Kind::Unreadable, "holds no tensors",
	            "torch.save");
}

TEST_F(SavedCheckpoint, BigEndianFilesAreRead)
{
	for (const char *name : { "stored", "deflated", "stream" })
		expectAsInPython(folder / ("bigEndian." + std::string(name) + ".pth"));
}

TEST_F(SavedCheckpoint, AnUnknownByteOrderIsRefused)
{
	expectDamaged(folder / "lie.byteOrder.pth");
}

TEST_F(SavedCheckpoint, OtherZipArchivesAreRefused)
{
	expectError(folder / "script.pth", Error::Kind::Unsupported,
	            "is a TorchScript program, not a file of weights; run it with "
	            "backbone=torchscript",
	            "constants.pkl");
	expectError(folder / "otherZip.pth", Error::Kind::Unreadable,
	            "is a zip archive, but not one that torch.save writes", "data.pkl");
	expectError(folder / "bzip2.pth", Error::Kind::Unsupported,
	            "is compressed in a way that is not handled; only stored and deflated "
	            "entries are");
}

TEST_F(CheckpointFile, APublishedFileIsRead)
{
	const char *source = std::getenv("FM_SOURCE_ROOT");
	const std::string script =
		std::string(source ? source : "") + "/tests/parity/fetch_checkpoint.sh";
	if (!fs::exists(script))
		GTEST_SKIP() << "FM_SOURCE_ROOT does not say where fetch_checkpoint.sh is";
	const int status = std::system(("'" + script + "' '" + folder.string() + "'").c_str());
	if (WEXITSTATUS(status) == 77)
		GTEST_SKIP() << "MobileNetV2's file cannot be downloaded";
	ASSERT_EQ(status, 0);
	expectAsInPython(folder / "real.pth");
}

} /* namespace */
