/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/checkpoint.h"
#include "error.h"

#include <cstdlib>

namespace {

void require(bool condition)
{
	if (!condition)
		std::abort();
}

/** \brief The place of the element that is farthest from the storage's beginning */
int64_t lastElement(const fm::TensorView &tensor)
{
	int64_t place = tensor.offset;
	for (std::size_t i = 0; i < tensor.shape.size(); i++)
		place += (tensor.shape[i] - 1) * tensor.strides[i];
	return place;
}

bool isEmpty(const fm::TensorView &tensor)
{
	for (const int64_t size : tensor.shape)
		if (size == 0)
			return true;
	return false;
}

/** \brief Reads an element byte by byte, for the address sanitizer to judge */
void touch(std::span<const std::byte> elements, const fm::TensorView &tensor, int64_t place)
{
	const std::size_t size = fm::elementSize(tensor.type);
	require(place >= 0 && static_cast<std::size_t>(place) < elements.size() / size);
	for (const std::byte byte : elements.subspan(place * size, size)) {
		volatile std::byte read = byte;
		static_cast<void>(read);
	}
}

void readTensor(const fm::Checkpoint &checkpoint, const fm::TensorView &tensor)
{
	require(tensor.shape.size() == tensor.strides.size());
	const auto elements = checkpoint.elements(tensor);
	if (isEmpty(tensor))
		return;
	touch(elements, tensor, tensor.offset);
	touch(elements, tensor, lastElement(tensor));
}

/** \brief Whatever is wrong with a file, it is said of the file, and where */
void requireSaysWhere(const fm::Error &error)
{
	require(std::string_view(error.what()).starts_with("'input' "));
	require(!error.detail.empty());
}

} /* namespace */

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, std::size_t size)
{
	try {
		const fm::Checkpoint checkpoint(std::as_bytes(std::span(data, size)), "input");
		for (const fm::NamedTensor &named : checkpoint.tensors()) {
			try {
				readTensor(checkpoint, named.tensor);
			} catch (const fm::Error &error) {
				requireSaysWhere(error);
			}
		}
	} catch (const fm::Error &error) {
		requireSaysWhere(error);
	}
	return 0;
}
