/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/bytereader.h"
#include "checkpoint/fileformat.h"
#include "checkpoint/tensornames.h"

namespace fm {

namespace {

constexpr auto protocol = static_cast<char>(0x80);

} /* namespace */

/* Before protocol 2 nothing says what it is, but what holds arrays begins with one of a few
 * opcodes. */
bool isPickle(std::span<const std::byte> file)
{
	constexpr std::string_view containers = "(}]c";
	const auto at = [&](std::size_t place) { return static_cast<char>(file[place]); };
	return file.size() > 2 &&
	       (at(0) == protocol ||
	        (containers.find(at(0)) != std::string_view::npos && at(file.size() - 1) == '.'));
}

FileTensors readPickle(std::span<const std::byte> file)
{
	ByteReader reader(file, "pickle");
	const pickle::Graph graph = pickle::read(reader);
	Storages storages(file.size());
	TorchStorages none(storages, false);
	auto [tensors, unread] = nameTensors(graph, none, storages);
	return { std::move(tensors), std::move(unread), std::move(storages) };
}

} /* namespace fm */
