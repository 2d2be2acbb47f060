// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace faultline::stress {

/// open(2) with O_CLOEXEC and 0644.
Result<UniqueFd> OpenFile(const std::string& path, int flags);

/// All of `data`, in as few calls as the filesystem allows. A short write of 0 is EIO.
Result<> WriteAt(int fd, std::span<const std::byte> data, uint64_t offset);

/// As much of `buffer` as the file has; the number of bytes read.
Result<size_t> ReadAt(int fd, std::span<std::byte> buffer, uint64_t offset);

Result<> SetSize(int fd, uint64_t size);
Result<> Fsync(int fd);

/// Writes the pages of a range and waits, without waiting for anything else of the inode.
Result<> FlushRange(int fd, uint64_t offset, uint64_t size);

/// Asks the kernel to drop clean cached pages; only pages that nobody maps go.
void DropCached(int fd, uint64_t offset, uint64_t size);

/// A page-aligned buffer, as O_DIRECT wants it.
class AlignedBuffer {
 public:
  explicit AlignedBuffer(size_t size);
  AlignedBuffer(const AlignedBuffer&) = delete;
  AlignedBuffer& operator=(const AlignedBuffer&) = delete;
  ~AlignedBuffer();

  std::span<std::byte> bytes() { return {data_, size_}; }
  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  std::byte* data_;
  size_t size_;
};

}  // namespace faultline::stress
