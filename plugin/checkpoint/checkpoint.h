/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace fm {

enum class ScalarType {
	Float64,
	Float32,
	Float16,
	BFloat16,
	Int64,
	Int32,
	Int16,
	Int8,
	UInt8,
	Bool,
	Float8E5M2,
	Float8E4M3, /**< Without infinities: PyTorch's float8_e4m3fn */
};

/** \brief Bytes that one element of \a type takes in a weights file */
std::size_t elementSize(ScalarType type);

/**
 * \brief One tensor of a weights file
 *
 * Element (i0, i1, ...) is at \a offset + i0 * strides[0] + i1 * strides[1] + ... in what
 * Checkpoint::elements() returns, counted in elements. The Checkpoint has checked that all of them
 * lie inside.
 */
struct TensorView {
	ScalarType type;
	std::vector<int64_t> shape;
	std::vector<int64_t> strides;
	int64_t offset;
	std::size_t storage; /**< Its number in the file; tensors of the same number share memory */
};

struct NamedTensor {
	std::string name;
	TensorView tensor;
};

/** \brief A tensor of a weights file that no TensorView describes */
struct UnreadTensor {
	std::string name;
	std::string type; /**< For a person: "complex64", "quantised" */

	/** \brief "name (complex64)" */
	std::string text() const;
};

/**
 * \brief A weights file as named tensors
 *
 * Reads what torch.save writes, in the zip format (since PyTorch 1.6) and the stream format before
 * it, safetensors, and pickles of NumPy's arrays such as detectron2's. The file is mapped, so only
 * the tensors that are used cost memory. Nothing that the file names is ever called: classes in
 * it become inert placeholders.
 */
class Checkpoint
{
public:
	/** \throws Error NotFound, Unreadable (with file, offset and reason in the detail),
	 * Unsupported */
	explicit Checkpoint(const std::filesystem::path &file);
	/** \brief A file's content in memory, which must outlive this; errors call it \a name */
	Checkpoint(std::span<const std::byte> bytes, const std::string &name);
	~Checkpoint();
	Checkpoint(Checkpoint &&) noexcept;
	Checkpoint &operator=(Checkpoint &&) noexcept;

	/** \brief For a person: "torch.save (zip)", "torch.save (stream)", "safetensors", "pickle"
	 */
	const std::string &format() const;

	/**
	 * \brief All tensors in the file's order
	 *
	 * Names are the keys of the nested dicts, joined by dots: a training checkpoint's
	 * {"model": {"conv1.weight": ...}} gives "model.conv1.weight"; a list's items have their
	 * index.
	 */
	const std::vector<NamedTensor> &tensors() const;

	/** \brief Those that were passed over, as their elements cannot be read */
	const std::vector<UnreadTensor> &unread() const;

	/**
	 * \brief The memory in which the offset and the strides of \a view, one of tensors(), count
	 *
	 * Little-endian, and it may be unaligned. Where the file holds it like this it is the
	 * mapped file itself; else it is unpacked, its numbers swapped, on the first call, and then
	 * kept with the Checkpoint. For one thread at a time.
	 *
	 * \throws Error Unreadable if it does not unpack or has a wrong checksum
	 */
	std::span<const std::byte> elements(const TensorView &view) const;

private:
	struct Content;
	std::unique_ptr<Content> content_;
};

} /* namespace fm */
