/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/checkpoint.h"

#include "checkpoint/fileformat.h"
#include "checkpoint/formaterror.h"
#include "checkpoint/mappedfile.h"

#include <algorithm>
#include <optional>

namespace fm {

namespace {

struct Format {
	std::string name;
	bool (*recognises)(std::span<const std::byte> file);
	FileTensors (*read)(std::span<const std::byte> file);
};

const Format &findFormat(std::span<const std::byte> file)
{
	static const Format formats[] = {
		{ "torch.save (zip)", isTorchZip, readTorchZip },
		{ "torch.save (stream)", isTorchStream, readTorchStream },
		{ "safetensors", isSafetensors, readSafetensors },
		{ "pickle", isPickle, readPickle },
	};
	const auto found = std::ranges::find_if(
		formats, [file](const Format &format) { return format.recognises(file); });
	if (found == std::end(formats))
		throw FormatError(Error::Kind::Unreadable,
		                  "is not a checkpoint that can be read: neither torch.save's zip "
		                  "format nor its older stream format, nor safetensors, nor a "
		                  "pickle of arrays",
		                  "byte 0: the file does not begin like any of these");
	return *found;
}

[[noreturn]] void throwNamed(const std::string &file, const FormatError &error)
{
	throw Error(error.kind, "'" + file + "' " + error.what(), error.detail, error.where);
}

} /* namespace */

struct Checkpoint::Content {
	explicit Content(const std::filesystem::path &file);

	Content(std::span<const std::byte> bytes, std::string name);

	std::string name;
	std::optional<MappedFile> file;
	const Format &format;
	FileTensors found;

private:
	void check() const;
};

Checkpoint::Content::Content(const std::filesystem::path &path)
	: name(path.string()), file(std::in_place, path), format(findFormat(file->bytes())),
	  found(format.read(file->bytes()))
{
	check();
}

Checkpoint::Content::Content(std::span<const std::byte> bytes, std::string name)
	: name(std::move(name)), format(findFormat(bytes)), found(format.read(bytes))
{
	check();
}

void Checkpoint::Content::check() const
{
	if (!found.tensors.empty())
		return;
	if (found.unread.empty())
		throw FormatError(Error::Kind::Unreadable, "holds no tensors", format.name);
	throw FormatError(Error::Kind::Unreadable, "holds no tensors that can be read",
	                  format.name + ": the first is " + found.unread.front().text());
}

Checkpoint::Checkpoint(const std::filesystem::path &file)
try : content_(std::make_unique<Content>(file)) {
} catch (const FormatError &error) {
	throwNamed(file.string(), error);
}

Checkpoint::Checkpoint(std::span<const std::byte> bytes, const std::string &name)
try : content_(std::make_unique<Content>(bytes, name)) {
} catch (const FormatError &error) {
	throwNamed(name, error);
}

Checkpoint::~Checkpoint() = default;
Checkpoint::Checkpoint(Checkpoint &&) noexcept = default;
Checkpoint &Checkpoint::operator=(Checkpoint &&) noexcept = default;

const std::string &Checkpoint::format() const
{
	return content_->format.name;
}

const std::vector<NamedTensor> &Checkpoint::tensors() const
{
	return content_->found.tensors;
}

const std::vector<UnreadTensor> &Checkpoint::unread() const
{
	return content_->found.unread;
}

std::span<const std::byte> Checkpoint::elements(const TensorView &view) const
{
	try {
		return content_->found.storages.bytes(view.storage);
	} catch (const FormatError &error) {
		throwNamed(content_->name, error);
	}
}

std::string UnreadTensor::text() const
{
	std::string text = name;
	return text.append(" (").append(type).append(")");
}

std::size_t elementSize(ScalarType type)
{
	switch (type) {
	case ScalarType::Float64:
	case ScalarType::Int64:
		return 8;
	case ScalarType::Float32:
	case ScalarType::Int32:
		return 4;
	case ScalarType::Float16:
	case ScalarType::BFloat16:
	case ScalarType::Int16:
		return 2;
	case ScalarType::Int8:
	case ScalarType::UInt8:
	case ScalarType::Bool:
	case ScalarType::Float8E5M2:
	case ScalarType::Float8E4M3:
		break;
	}
	return 1;
}

} /* namespace fm */
