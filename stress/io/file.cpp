// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

namespace faultline::stress {
namespace {

Result<> Checked(int result, const char* call) {
  if (result != 0) return Fail(errno, "{}", call);
  return {};
}

}  // namespace

Result<UniqueFd> OpenFile(const std::string& path, int flags) {
  int fd = open(path.c_str(), flags | O_CLOEXEC, 0644);
  if (fd < 0) return Fail(errno, "open {}", path);
  return UniqueFd(fd);
}

Result<> WriteAt(int fd, std::span<const std::byte> data, uint64_t offset) {
  while (!data.empty()) {
    ssize_t written = pwrite(fd, data.data(), data.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Fail(errno, "pwrite");
    if (written == 0) return Fail(EIO, "pwrite wrote nothing");
    data = data.subspan(static_cast<size_t>(written));
    offset += static_cast<uint64_t>(written);
  }
  return {};
}

Result<size_t> ReadAt(int fd, std::span<std::byte> buffer, uint64_t offset) {
  size_t done = 0;
  while (done < buffer.size()) {
    ssize_t got =
        pread(fd, buffer.data() + done, buffer.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    // An O_DIRECT read that met the end of the file cannot go on from there.
    if (got < 0 && errno == EINVAL && done > 0) break;
    if (got < 0) return Fail(errno, "pread");
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return done;
}

Result<> SetSize(int fd, uint64_t size) {
  return Checked(ftruncate(fd, static_cast<off_t>(size)), "ftruncate");
}

Result<> Fsync(int fd) { return Checked(fsync(fd), "fsync"); }

Result<> FlushRange(int fd, uint64_t offset, uint64_t size) {
  constexpr unsigned kWriteAndWait =
      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  return Checked(
      sync_file_range(fd, static_cast<off_t>(offset), static_cast<off_t>(size), kWriteAndWait),
      "sync_file_range");
}

void DropCached(int fd, uint64_t offset, uint64_t size) {
  posix_fadvise(fd, static_cast<off_t>(offset), static_cast<off_t>(size), POSIX_FADV_DONTNEED);
}

AlignedBuffer::AlignedBuffer(size_t size)
    : data_(static_cast<std::byte*>(operator new (size, std::align_val_t{4096}))), size_(size) {
  std::memset(data_, 0, size);
}

AlignedBuffer::~AlignedBuffer() { operator delete (data_, std::align_val_t{4096}); }

}  // namespace faultline::stress
