// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "lock/grace_period.h"
#include "lock/mutex.h"
#include "store/allocator.h"
#include "store/extent.h"

namespace faultline::store {

// Takes freed blocks of the volume back to the allocator, once nothing can reach them any more:
//
//   (a) the group that freed them is durable: before that, a crash brings their owner back.
//       Accept() is called by the committer, after the fact.
//   (b) every READ that could have looked them up has replied: a grace period of readers.
//   (c) no write to them is under way: whoever writes into blocks that are already referenced
//       (unwritten ones, in place) holds a read section too, so (b) covers it.
//   (d) no snapshot holds them. There are no snapshots yet; runs carry their birth group for them.
//
// Nobody waits: readers are not slowed down, the killer goes on, the committer only polls. (After
// the kernel's call_srcu.) Thread-safe; memory only, but for WaitForRelease.
class Reclaim {
 public:
  // `wake` is called when Poll() may get further; it must only schedule.
  explicit Reclaim(Allocator& allocator, std::function<void()> wake = {});
  // Waits for the readers that are left.
  ~Reclaim() { readers_.Barrier(); }

  lock::GracePeriod& Readers() { return readers_; }

  // Extents of kVolume and kUnwritten that a durable group freed.
  void Accept(std::vector<Extent> extents);

  // Hands over what is due. Called by the committer, and by whoever runs out of blocks.
  void Poll() { readers_.Poll(); }

  // Polls until some blocks were released. False: nothing waits, or the time is up.
  bool WaitForRelease(std::chrono::nanoseconds timeout);

  // Blocks released so far.
  uint64_t ReleasedBlocks() const { return released_.load(std::memory_order_relaxed); }
  // Blocks that wait for a grace period.
  uint64_t WaitingBlocks() const { return waiting_.load(std::memory_order_relaxed); }

 private:
  void Release(const std::vector<Extent>& extents);
  void Wake();

  Allocator& allocator_;
  const std::function<void()> wake_;
  std::atomic<uint64_t> waiting_{0};
  std::atomic<uint64_t> released_{0};

  lock::Mutex mu_{lock::LockClass::kCommit};
  lock::CondVar progress_;
  uint64_t wakes_ FL_GUARDED_BY(mu_) = 0;

  lock::GracePeriod readers_;  // last: its destructor and its wake use the rest
};

}  // namespace faultline::store
