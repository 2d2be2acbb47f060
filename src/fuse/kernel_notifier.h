// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <deque>
#include <functional>

#include "fs/kernel_cache.h"
#include "lock/mutex.h"
#include "lock/thread.h"

namespace faultline::fuse {

/// The page cache behind the connection. One thread, which serves no request and holds no lock,
/// makes the notifications one after the other: each may wait for READs and WRITEs that workers
/// have to answer, so a worker that waited here could wait for itself.
class KernelNotifier final : public fs::KernelCache {
 public:
  /// Makes the kernel drop the pages; returns a positive errno or 0. May block.
  using Invalidation = std::function<int(InodeId, ByteRange)>;

  KernelNotifier();
  /// Runs what is queued first.
  ~KernelNotifier() override;

  /// From here on there is a kernel to tell. Without one there are no pages: completions run all
  /// the same.
  void Connect(Invalidation invalidate);
  void Disconnect();

  void Invalidate(InodeId ino, ByteRange range, std::function<void()> done) override;

  /// Returns once everything queued before has been completed. Not for workers.
  void Drain();

  struct Counters {
    uint64_t completed = 0;
    uint64_t failed = 0;  // the kernel refused, other than for having nothing cached
    size_t queued = 0;
  };
  Counters Count() const;

 private:
  struct Order {
    InodeId ino;
    ByteRange range;
    std::function<void()> done;
  };

  void Run();
  int Notify(InodeId ino, ByteRange range);

  mutable lock::Mutex mu_{lock::LockClass::kNotifier};
  lock::CondVar changed_;
  std::deque<Order> queue_ FL_GUARDED_BY(mu_);
  Invalidation invalidate_ FL_GUARDED_BY(mu_);
  bool busy_ FL_GUARDED_BY(mu_) = false;
  bool stopping_ FL_GUARDED_BY(mu_) = false;
  Counters counters_ FL_GUARDED_BY(mu_);
  lock::Thread thread_;
};

}  // namespace faultline::fuse
