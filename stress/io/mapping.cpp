// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/mapping.h"

#include <sys/mman.h>

#include <cerrno>
#include <utility>

#include "cells/cell.h"

namespace faultline::stress {

Result<Mapping> Mapping::Map(int fd, uint64_t size, Kind kind) {
  int protection = kind == Kind::kShared ? PROT_READ | PROT_WRITE : PROT_READ;
  int flags = kind == Kind::kPrivate ? MAP_PRIVATE : MAP_SHARED;
  void* data = mmap(nullptr, size, protection, flags, fd, 0);
  if (data == MAP_FAILED) return Fail(errno, "mmap");
  return Mapping(static_cast<std::byte*>(data), size);
}

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Mapping::~Mapping() {
  if (data_ != nullptr) munmap(data_, size_);
}

Result<> Mapping::Sync(uint64_t offset, uint64_t size) const {
  uint64_t begin = offset & ~(kPageSize - 1);
  if (msync(data_ + begin, offset + size - begin, MS_SYNC) != 0) return Fail(errno, "msync");
  return {};
}

void Mapping::Unpopulate() const { madvise(data_, size_, MADV_DONTNEED); }

}  // namespace faultline::stress
