// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <utility>

#include "lock/grace_period.h"
#include "store/block.h"

namespace faultline::fs {

// The bytes of a READ, and the grace-period section that keeps the blocks they came from from being
// recycled. Must outlive the moment the answer is handed to the kernel; then it goes. Movable, not
// thread-safe.
class ReadReply {
 public:
  ReadReply(lock::GracePeriod::ReadSection section, store::BlockBuffer buffer, size_t skip,
            size_t size)
      : section_(std::move(section)), buffer_(std::move(buffer)), skip_(skip), size_(size) {}

  // Fewer bytes than asked for: end of file.
  std::span<const std::byte> Bytes() const { return buffer_.Bytes().subspan(skip_, size_); }

 private:
  lock::GracePeriod::ReadSection section_;
  store::BlockBuffer buffer_;
  size_t skip_;
  size_t size_;
};

}  // namespace faultline::fs
