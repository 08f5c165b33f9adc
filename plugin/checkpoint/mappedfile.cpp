/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/mappedfile.h"

#include "error.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace fm {

namespace {

class Descriptor
{
public:
	explicit Descriptor(int number) : number_(number) {}
	~Descriptor()
	{
		if (number_ >= 0)
			close(number_);
	}
	Descriptor(const Descriptor &) = delete;
	Descriptor &operator=(const Descriptor &) = delete;

	int number() const { return number_; }

private:
	int number_;
};

std::string quoted(const std::filesystem::path &file)
{
	return "'" + file.string() + "'";
}

[[noreturn]] void throwSystemError(const std::filesystem::path &file, const char *call)
{
	const int code = errno;
	const std::string detail = std::string(call) + " failed with errno " + std::to_string(code);
	if (code == ENOENT || code == ENOTDIR)
		throw Error(Error::Kind::NotFound, quoted(file) + " does not exist", detail);
	throw Error(Error::Kind::Unreadable,
	            quoted(file) + " cannot be read: " + std::generic_category().message(code),
	            detail);
}

std::size_t sizeOfRegularFile(int descriptor, const std::filesystem::path &file)
{
	struct stat status;
	if (fstat(descriptor, &status) != 0)
		throwSystemError(file, "fstat");
	if (S_ISDIR(status.st_mode))
		throw Error(Error::Kind::Unreadable, quoted(file) + " is a folder, not a file");
	if (!S_ISREG(status.st_mode))
		throw Error(Error::Kind::Unreadable, quoted(file) + " is not a regular file");
	if (status.st_size == 0)
		throw Error(Error::Kind::Unreadable, quoted(file) + " is empty");
	return static_cast<std::size_t>(status.st_size);
}

} /* namespace */

MappedFile::MappedFile(const std::filesystem::path &file)
{
	/* Without O_NONBLOCK, a pipe without a writer would keep us waiting here. */
	const Descriptor descriptor(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
	if (descriptor.number() < 0)
		throwSystemError(file, "open");

	const std::size_t size = sizeOfRegularFile(descriptor.number(), file);
	void *memory = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor.number(), 0);
	if (memory == MAP_FAILED)
		throwSystemError(file, "mmap");
	bytes_ = { static_cast<const std::byte *>(memory), size };
}

MappedFile::~MappedFile()
{
	munmap(const_cast<std::byte *>(bytes_.data()), bytes_.size());
}

} /* namespace fm */
