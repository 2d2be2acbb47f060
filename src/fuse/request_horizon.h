// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

namespace faultline::fuse {

/// Below which `unique` every WRITE has been applied: what lets a write log forget
/// (fs/write_log.h).
///
/// The kernel numbers requests and appends them to one queue under one lock, and read(2) takes them
/// from its head. So a reader that has yet to take one will get a higher number than any that was
/// taken before; only those count that were already numbered in the queue, which FORGET and
/// INTERRUPT are not. docs/write-order.md has the whole argument.
///
/// Wait-free. Each reader has a slot that only it writes.
class RequestHorizon {
 public:
  explicit RequestHorizon(int max_readers);

  /// One thread that reads requests, in the cycle BeforeRead, read(2), AfterRead, apply it.
  class Reader {
   public:
    explicit Reader(RequestHorizon& horizon);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    void BeforeRead();
    /// `opcode`: FUSE_WRITE, ...
    void AfterRead(uint64_t unique, uint32_t opcode);

   private:
    RequestHorizon& horizon_;
    std::atomic<uint64_t>& lowest_;
  };

  /// Every WRITE with a smaller `unique` has been applied. For a reader that has a WRITE in its
  /// hands: that number is the bound where nobody has an older one.
  uint64_t Get() const;

 private:
  struct alignas(64) Slot {
    /// Of the WRITEs that this reader has taken or may be about to take: no number is lower.
    std::atomic<uint64_t> lowest{UINT64_MAX};
  };
  std::atomic<uint64_t>& NextSlot();

  std::atomic<uint64_t> newest_{0};  // of those that have been read
  std::atomic<size_t> readers_{0};
  std::vector<Slot> slots_;
};

}  // namespace faultline::fuse
