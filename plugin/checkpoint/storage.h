/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "checkpoint/pickletext.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace fm {

/** \brief A run of numbers as a file holds it */
struct Storage {
	enum class Packing {
		None,
		Deflated,
		Text, /**< Of a pickle, a character for each byte */
	};

	std::string name; /**< What it is and where, for an error: "zip entry 'data/0', byte 64" */
	std::span<const std::byte> packed; /**< In the file */
	uint64_t size = 0;                 /**< Bytes, unpacked */
	Packing packing = Packing::None;
	uint32_t checksum = 0;                /**< CRC-32 of what was deflated */
	pickle::Text::Notation notation = {}; /**< Of a text */
	std::size_t swappedSize = 1;          /**< Bytes of a number, if they are big-endian */
};

/**
 * \brief The storages of a file
 *
 * Those that are packed or big-endian are unpacked when they are first asked for, and then kept.
 * All errors are FormatErrors.
 */
class Storages
{
public:
	explicit Storages(uint64_t fileSize);

	/**
	 * \brief Adds a storage and returns its number
	 *
	 * Refused is what cannot have the size that it claims, and what would unpack to more than
	 * is safe together with the others.
	 */
	std::size_t add(Storage storage);

	/** \brief Little-endian; memory of the file itself where it lies there like this */
	std::span<const std::byte> bytes(std::size_t number);

private:
	struct Item {
		Storage storage;
		std::unique_ptr<std::byte[]> unpacked;
	};

	std::vector<Item> items_;
	uint64_t allowed_; /* Bytes that may still be unpacked */
};

} /* namespace fm */
