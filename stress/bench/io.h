// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

// System calls of the workloads, with errors that say which call.
namespace faultline::bench {

inline Result<UniqueFd> Open(const std::filesystem::path& path, int flags) {
  UniqueFd fd(open(path.c_str(), flags | O_CLOEXEC, 0644));
  if (!fd) return Fail(errno, "open {}", path.string());
  return fd;
}

inline Result<> Check(ssize_t returned, const char* call) {
  if (returned < 0) return Fail(errno, "{}", call);
  return {};
}

inline Result<> WriteFile(int fd, uint64_t bytes, size_t call) {
  std::vector<char> data(call, 'f');
  for (uint64_t offset = 0; offset < bytes; offset += call) {
    data[0] = static_cast<char>(offset >> 12);
    FL_TRY(Check(pwrite(fd, data.data(), call, static_cast<off_t>(offset)), "pwrite"));
  }
  return {};
}

// A shared mapping of a whole file.
class Mapping {
 public:
  static Result<Mapping> Map(int fd, size_t size, int protection) {
    void* data = mmap(nullptr, size, protection, MAP_SHARED, fd, 0);
    if (data == MAP_FAILED) return Fail(errno, "mmap");
    return Mapping(static_cast<char*>(data), size);
  }
  Mapping(Mapping&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}
  Mapping& operator=(Mapping&&) = delete;
  ~Mapping() {
    if (data_ != nullptr) munmap(data_, size_);
  }
  char* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  Mapping(char* data, size_t size) : data_(data), size_(size) {}
  char* data_;
  size_t size_;
};

}  // namespace faultline::bench
