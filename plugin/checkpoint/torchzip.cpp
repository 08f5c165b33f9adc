/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/bytereader.h"
#include "checkpoint/compiledpackage.h"
#include "checkpoint/fileformat.h"
#include "checkpoint/tensornames.h"
#include "checkpoint/ziparchive.h"

#include <algorithm>

namespace fm {

namespace {

/** \brief The folder that holds everything; it is named after the file that was saved */
std::string findFolder(const ZipArchive &archive)
{
	if (CompiledPackage::isOne(archive))
		throw FormatError(Error::Kind::Unsupported,
		                  "is a compiled package, not a file of weights; run it with "
		                  "backbone=torchscript",
		                  "there are entries under data/aotinductor/");
	const std::optional<std::string> folder = archive.findFolderOf("data.pkl");
	if (!folder)
		throw FormatError(Error::Kind::Unreadable,
		                  "is a zip archive, but not one that torch.save writes",
		                  "no entry data.pkl");
	if (archive.contains(*folder + "constants.pkl"))
		throw FormatError(Error::Kind::Unsupported,
		                  "is a TorchScript program, not a file of weights; run it with "
		                  "backbone=torchscript",
		                  "there is an entry constants.pkl");
	return *folder;
}

/** \brief Files older than PyTorch 2.1 do not say, and are little-endian */
bool isBigEndian(const ZipArchive &archive, const std::string &folder, Storages &storages)
{
	if (!archive.contains(folder + "byteorder"))
		return false;
	const Storage entry = archive.find(folder + "byteorder");
	const auto order = storages.bytes(storages.add(entry));
	const bool isBig = std::ranges::equal(order, std::as_bytes(std::span("big", 3)));
	if (!isBig && !std::ranges::equal(order, std::as_bytes(std::span("little", 6))))
		throwDamaged(entry.name + ": neither 'little' nor 'big'");
	return isBig;
}

void holdStorages(const ZipArchive &archive, const std::string &folder, const pickle::Graph &graph,
                  TorchStorages &storages)
{
	for (const TorchStorageId &id : findStorageIds(graph)) {
		const std::string name = folder + "data/" + id.key;
		if (archive.contains(name))
			storages.hold(id.key, archive.find(name));
	}
}

} /* namespace */

bool isTorchZip(std::span<const std::byte> file)
{
	return file.size() >= 4 &&
	       std::ranges::equal(file.first(4), std::as_bytes(std::span("PK\3\4", 4)));
}

FileTensors readTorchZip(std::span<const std::byte> file)
{
	const ZipArchive archive(file);
	const std::string folder = findFolder(archive);
	Storages storages(file.size());
	TorchStorages held(storages, isBigEndian(archive, folder, storages));
	const std::size_t values = storages.add(archive.find(folder + "data.pkl"));
	ByteReader reader(storages.bytes(values), "data.pkl");
	const pickle::Graph graph = pickle::read(reader);
	holdStorages(archive, folder, graph, held);
	auto [tensors, unread] = nameTensors(graph, held, storages);
	return { std::move(tensors), std::move(unread), std::move(storages) };
}

} /* namespace fm */
