/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/moduleformat.h"

#include "checkpoint/fileformat.h"
#include "checkpoint/formaterror.h"
#include "checkpoint/mappedfile.h"
#include "checkpoint/ziparchive.h"

namespace fm {

namespace {

[[noreturn]] void throwIsCheckpoint(const std::string &detail)
{
	throw FormatError(Error::Kind::Mismatch,
	                  "is a checkpoint, which holds weights but no program; choose the "
	                  "backbone that it belongs to instead of torchscript",
	                  detail);
}

std::optional<CompiledPackage> readArchive(std::span<const std::byte> file)
{
	const ZipArchive archive(file);
	if (CompiledPackage::isOne(archive)) {
		Storages unpacked(file.size());
		return CompiledPackage::read(archive, unpacked);
	}
	if (archive.findFolderOf("constants.pkl"))
		return std::nullopt;
	if (archive.findFolderOf("data.pkl"))
		throwIsCheckpoint("there is an entry data.pkl, and no constants.pkl");
	if (archive.findFolderOf("archive_format"))
		throw FormatError(Error::Kind::Unsupported,
		                  "is an exported program that was not compiled; use "
		                  "torch._inductor.aoti_compile_and_package on it",
		                  "there is an entry archive_format, and no code");
	throw FormatError(
		Error::Kind::Unreadable,
		"is a zip archive, but neither a TorchScript module nor a compiled package",
		"no entry constants.pkl, none under data/aotinductor/");
}

} /* namespace */

std::optional<CompiledPackage> readModuleFormat(const std::filesystem::path &path)
try {
	const MappedFile file(path);
	if (isTorchZip(file.bytes()))
		return readArchive(file.bytes());
	if (isTorchStream(file.bytes()) || isSafetensors(file.bytes()) || isPickle(file.bytes()))
		throwIsCheckpoint("it begins like one");
	throw FormatError(Error::Kind::Unreadable,
	                  "is neither a TorchScript module nor a compiled package",
	                  "it is no zip archive");
} catch (const FormatError &error) {
	throw Error(error.kind, "'" + path.string() + "' " + error.what(), error.detail,
	            error.where);
}

} /* namespace fm */
