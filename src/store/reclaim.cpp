// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/reclaim.h"

#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/test_point.h"

namespace faultline::store {

Reclaim::Reclaim(Allocator& allocator, std::function<void()> wake)
    : allocator_(allocator), wake_(std::move(wake)), readers_([this] { Wake(); }) {}

void Reclaim::Accept(std::vector<Extent> extents) {
  if (extents.empty()) return;
  uint64_t blocks = 0;
  for (const Extent& extent : extents) blocks += extent.count;
  waiting_.fetch_add(blocks, std::memory_order_relaxed);
  readers_.Call([this, extents = std::move(extents)] { Release(extents); });
}

void Reclaim::Release(const std::vector<Extent>& extents) {
  FL_TEST_POINT("store.reclaim.release");
  uint64_t blocks = 0;
  for (const Extent& extent : extents) {
    const uint64_t twice = allocator_.Free(extent.start.block, extent.count);
    if (twice != 0)
      LogError("volume blocks {}+{}: {} of them were freed twice; run fsck.faultline",
               extent.start.block, extent.count, twice);
    blocks += extent.count;
  }
  // After the allocator has them: the sum of free and waiting blocks never dips.
  waiting_.fetch_sub(blocks, std::memory_order_relaxed);
  released_.fetch_add(blocks, std::memory_order_relaxed);
  Wake();
}

void Reclaim::Wake() {
  {
    lock::MutexLock lock(mu_);
    ++wakes_;
    progress_.NotifyAll();
  }
  if (wake_) wake_();
}

bool Reclaim::WaitForRelease(std::chrono::nanoseconds timeout) {
  const uint64_t before = released_.load(std::memory_order_relaxed);
  const Nanoseconds deadline = MonotonicNow() + timeout;
  for (;;) {
    uint64_t seen;
    {
      lock::MutexLock lock(mu_);
      seen = wakes_;
    }
    Poll();
    if (released_.load(std::memory_order_relaxed) != before) return true;
    if (WaitingBlocks() == 0) return false;
    lock::MutexLock lock(mu_);
    const bool woken = progress_.WaitUntil(lock, deadline - MonotonicNow(),
                                           [&]() FL_REQUIRES(mu_) { return wakes_ != seen; });
    if (!woken) return false;
  }
}

}  // namespace faultline::store
