// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"

namespace faultline::stress {

/// A mapping of the start of a file, unmapped at the end. Touch it only inside Guarded(): the file
/// may be shorter than the mapping.
class Mapping {
 public:
  enum class Kind { kShared, kSharedReadOnly, kPrivate };

  static Result<Mapping> Map(int fd, uint64_t size, Kind kind = Kind::kShared);

  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  std::byte* data() const { return data_; }
  uint64_t size() const { return size_; }
  std::span<const std::byte> bytes() const { return {data_, size_}; }

  /// msync(MS_SYNC) of the pages that hold the range.
  Result<> Sync(uint64_t offset, uint64_t size) const;

  /// Takes the pages out of this process, so that the kernel may drop them and the next access
  /// faults.
  void Unpopulate() const;

 private:
  Mapping(std::byte* data, uint64_t size) : data_(data), size_(size) {}

  std::byte* data_;
  uint64_t size_;
};

}  // namespace faultline::stress
