/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint/mappedfile.h"

#include "checkpoint/filelease.h"
#include "error.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace fm {

namespace {

/* Bytes. What is larger is no backbone's file alone, and might be more than there is memory. */
constexpr std::size_t mostCopied = 1 << 30;

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
	int release() { return std::exchange(number_, -1); }

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

std::span<const std::byte> mapFile(int descriptor, std::size_t size,
                                   const std::filesystem::path &file)
{
	void *memory = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
	if (memory == MAP_FAILED)
		throwSystemError(file, "mmap");
	return { static_cast<const std::byte *>(memory), size };
}

void readFile(int descriptor, std::span<std::byte> bytes, const std::filesystem::path &file)
{
	for (std::size_t done = 0; done < bytes.size();) {
		const ssize_t count = pread(descriptor, bytes.data() + done, bytes.size() - done,
		                            static_cast<off_t>(done));
		if (count < 0 && errno != EINTR)
			throwSystemError(file, "pread");
		if (count == 0)
			throw Error(Error::Kind::Unreadable,
			            quoted(file) + " became shorter while it was read");
		done += count > 0 ? static_cast<std::size_t>(count) : 0;
	}
}

} /* namespace */

MappedFile::MappedFile(const std::filesystem::path &file)
{
	/* Without O_NONBLOCK, a pipe without a writer would keep us waiting here. */
	Descriptor descriptor(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
	if (descriptor.number() < 0)
		throwSystemError(file, "open");

	const FileLease lease = leaseForReading(descriptor.number());
	const std::size_t size = sizeOfRegularFile(descriptor.number(), file);
	if (lease != FileLease::Held && size <= mostCopied) {
		copy_ = std::make_unique_for_overwrite<std::byte[]>(size);
		readFile(descriptor.number(), { copy_.get(), size }, file);
		bytes_ = { copy_.get(), size };
		return;
	}
	bytes_ = mapFile(descriptor.number(), size, file);
	if (lease == FileLease::Held)
		lease_ = descriptor.release();
}

MappedFile::~MappedFile()
{
	if (!copy_)
		munmap(const_cast<std::byte *>(bytes_.data()), bytes_.size());
	if (lease_ >= 0)
		close(lease_);
}

} /* namespace fm */
