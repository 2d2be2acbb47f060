// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/kernel_notifier.h"

#include <cerrno>
#include <cstring>
#include <optional>

#include "base/log.h"
#include "base/mutant.h"
#include "base/test_point.h"

namespace faultline::fuse {
namespace {

// Not errors: the inode is not cached (any more), or the connection is gone and its pages with it.
bool MeansNothingCached(int error) {
  return error == 0 || error == ENOENT || error == ENOTCONN || error == ENODEV || error == EPERM ||
         error == ECONNABORTED || error == EBADF;
}

}  // namespace

KernelNotifier::KernelNotifier()
    : thread_(
          "notifier", [this] { Run(); }, lock::ThreadRole::kKernelSide) {}

KernelNotifier::~KernelNotifier() {
  {
    lock::MutexLock lock(mu_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  thread_.Join();
}

void KernelNotifier::Connect(Invalidation invalidate) {
  lock::MutexLock lock(mu_);
  invalidate_ = std::move(invalidate);
}

void KernelNotifier::Disconnect() {
  lock::MutexLock lock(mu_);
  invalidate_ = nullptr;
  // The call that is running uses the connection.
  changed_.WaitUntil(lock, [this]() FL_REQUIRES(mu_) { return !busy_; });
}

void KernelNotifier::Invalidate(InodeId ino, ByteRange range, std::function<void()> done) {
  lock::MutexLock lock(mu_);
  queue_.push_back({ino, range, std::move(done)});
  changed_.NotifyAll();
}

void KernelNotifier::Drain() {
  lock::MutexLock lock(mu_);
  changed_.WaitUntil(lock, [this]() FL_REQUIRES(mu_) { return queue_.empty() && !busy_; });
}

KernelNotifier::Counters KernelNotifier::Count() const {
  lock::MutexLock lock(mu_);
  Counters counters = counters_;
  counters.queued = queue_.size();
  return counters;
}

void KernelNotifier::Run() {
  for (;;) {
    Order order;
    {
      lock::MutexLock lock(mu_);
      busy_ = false;
      changed_.NotifyAll();
      changed_.WaitUntil(lock, [this]() FL_REQUIRES(mu_) { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      order = std::move(queue_.front());
      queue_.pop_front();
      busy_ = true;
    }
    const int error = Notify(order.ino, order.range);
    FL_TEST_POINT("fuse.notifier.invalidated");
    {
      lock::MutexLock lock(mu_);
      ++counters_.completed;
      if (!MeansNothingCached(error)) ++counters_.failed;
    }
    order.done();
  }
}

int KernelNotifier::Notify(InodeId ino, ByteRange range) {
  Invalidation invalidate;
  {
    lock::MutexLock lock(mu_);
    invalidate = invalidate_;
  }
  if (!invalidate) return 0;
  lock::TakesInKernel({lock::LockClass::kFolio, lock::LockClass::kWriteback}, "inval_inode");
  std::optional<lock::MutexLock> held;
  if (Mutated(Mutant::kNotifyUnderLock)) held.emplace(mu_);
  if (Mutated(Mutant::kNotifyFirstPage)) range.end = std::min(range.end, range.begin + kBlockSize);
  const int error = invalidate(ino, range);
  if (!MeansNothingCached(error))
    LogError("invalidating inode {} [{}, {}): {}", Raw(ino), range.begin, range.end,
             std::strerror(error));
  return error;
}

}  // namespace faultline::fuse
