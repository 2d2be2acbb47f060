// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace faultline::store {

// STORE/lock: one writer, or any number of readers. The kernel lets go of it when the process ends,
// however it ends. While a writer has it, the file says "pid N, OWNER". Readers write nothing.
class StoreLock {
 public:
  enum class Kind { kReader, kWriter };

  // Waits up to `timeout` for whoever has it. EBUSY names them.
  static Result<StoreLock> Acquire(const std::filesystem::path& path, Kind kind,
                                   std::chrono::milliseconds timeout, std::string_view owner);

  StoreLock() = default;  // holds nothing
  StoreLock(StoreLock&&) noexcept = default;
  StoreLock& operator=(StoreLock&&) noexcept = default;
  ~StoreLock();

 private:
  StoreLock(UniqueFd fd, Kind kind) : fd_(std::move(fd)), kind_(kind) {}

  UniqueFd fd_;
  Kind kind_ = Kind::kReader;
};

}  // namespace faultline::store
