/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "checkpoint/checkpoint.h"
#include "checkpoint/storage.h"

namespace fm {

/** \brief What a reader finds in a file */
struct FileTensors {
	std::vector<NamedTensor> tensors;
	std::vector<UnreadTensor> unread;
	Storages storages;
};

/** \brief Whether a file begins like one that torch.save wrote, since PyTorch 1.6 */
bool isTorchZip(std::span<const std::byte> file);

/** \throws FormatError */
FileTensors readTorchZip(std::span<const std::byte> file);

/** \brief Whether a file begins like one that torch.save wrote before PyTorch 1.6 */
bool isTorchStream(std::span<const std::byte> file);

/** \throws FormatError */
FileTensors readTorchStream(std::span<const std::byte> file);

/** \brief Whether a file begins like one of the safetensors library */
bool isSafetensors(std::span<const std::byte> file);

/** \throws FormatError */
FileTensors readSafetensors(std::span<const std::byte> file);

/** \brief Whether a file begins like a pickle, which the stream format does too */
bool isPickle(std::span<const std::byte> file);

/** \throws FormatError */
FileTensors readPickle(std::span<const std::byte> file);

} /* namespace fm */
