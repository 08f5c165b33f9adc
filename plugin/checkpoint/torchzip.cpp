/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/bytereader.h"
#include "checkpoint/torchfile.h"
#include "checkpoint/torchnames.h"
#include "checkpoint/ziparchive.h"

#include <algorithm>

namespace fm {

namespace {

/** \brief The folder that holds everything; it is named after the file that was saved */
std::string findFolder(const ZipArchive &archive)
{
	const std::optional<std::string> folder = archive.findFolderOf("data.pkl");
	if (!folder)
		throw FormatError(Error::Kind::Unreadable,
		                  "is a zip archive, but not one that torch.save writes",
		                  "no entry data.pkl");
	if (archive.contains(*folder + "constants.pkl"))
		throw FormatError(Error::Kind::Unsupported,
		                  "is a TorchScript program, not a file of weights; save the "
		                  "model's state_dict() instead",
		                  "there is an entry constants.pkl");
	return *folder;
}

/** \brief Files older than PyTorch 2.1 have no such entry and are little-endian */
void checkByteOrder(const ZipArchive &archive, const std::string &folder, Storages &storages)
{
	if (!archive.contains(folder + "byteorder"))
		return;
	const auto order = storages.bytes(storages.add(archive.find(folder + "byteorder")));
	if (!std::ranges::equal(order, std::as_bytes(std::span("little", 6))))
		throw FormatError(Error::Kind::Unsupported,
		                  "was saved on a big-endian machine; load it in PyTorch and save "
		                  "it again on a little-endian one",
		                  "the entry byteorder is not 'little'");
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
	checkByteOrder(archive, folder, storages);
	const std::size_t values = storages.add(archive.find(folder + "data.pkl"));
	ByteReader reader(storages.bytes(values), "data.pkl");
	const pickle::Graph graph = pickle::read(reader);
	TorchStorages held(storages);
	holdStorages(archive, folder, graph, held);
	std::vector<NamedTensor> tensors = nameTensors(graph, held);
	return { std::move(tensors), std::move(storages) };
}

} /* namespace fm */
