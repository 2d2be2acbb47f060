// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/mman.h>

#include <cstddef>

#include "base/unique_fd.h"

namespace faultline::test {

/// A file mapped from its beginning. Every access is one that the compiler leaves alone.
class MappedBytes {
 public:
  MappedBytes(const UniqueFd& file, size_t size, int flags = MAP_SHARED)
      : size_(size), data_(mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, file.get(), 0)) {}
  ~MappedBytes() {
    if (data_ != MAP_FAILED) munmap(data_, size_);
  }
  MappedBytes(const MappedBytes&) = delete;
  MappedBytes& operator=(const MappedBytes&) = delete;

  bool Valid() const { return data_ != MAP_FAILED; }
  void* Address() const { return data_; }
  volatile char& operator[](size_t i) { return static_cast<volatile char*>(data_)[i]; }
  char Load(size_t i) { return (*this)[i]; }
  int Sync(int flags = MS_SYNC) { return msync(data_, size_, flags); }

 private:
  size_t size_;
  void* data_;
};

}  // namespace faultline::test
