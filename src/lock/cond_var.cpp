// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/clock.h"
#include "lock/mutex.h"
#include "lock/scheduler.h"

namespace faultline::lock {
namespace {

/// A waiter holds everything but the mutex, takes that again at the end, and may never get it if
/// something it holds stands in the way: both are checked before it sleeps.
void BeforeWait(const LockId& id, bool tracked, Place where) {
  if (tracked) internal::NoteReleased(id);
  internal::CheckAcquire(id, Mode::kExclusive, where);
  MayDo(Action::kWait, where);
}

}  // namespace

std::chrono::nanoseconds CondVar::Now() {
  Scheduler* scheduler = ActiveScheduler();
  return scheduler != nullptr ? scheduler->Now() : MonotonicNow();
}

void CondVar::Wait(MutexLock& lock, Place where) {
  Mutex& mu = *lock.mu_;
  BeforeWait(mu.id_, lock.tracked_, where);
  if (Scheduler* scheduler = ActiveScheduler()) {
    mu.UnlockSlow(false);
    scheduler->Block(this);
    if (!mu.mu_.try_lock()) mu.Block(where);
  } else {
    std::unique_lock native(mu.mu_, std::adopt_lock);
    cv_.wait(native);
    native.release();
  }
  lock.tracked_ = internal::NoteAcquired(mu.id_, Mode::kExclusive, where);
}

bool CondVar::WaitFor(MutexLock& lock, std::chrono::nanoseconds timeout, Place where) {
  Mutex& mu = *lock.mu_;
  BeforeWait(mu.id_, lock.tracked_, where);
  bool in_time;
  if (Scheduler* scheduler = ActiveScheduler()) {
    mu.UnlockSlow(false);
    in_time = scheduler->BlockFor(this, timeout);
    if (!mu.mu_.try_lock()) mu.Block(where);
  } else {
    std::unique_lock native(mu.mu_, std::adopt_lock);
    in_time = cv_.wait_for(native, timeout) == std::cv_status::no_timeout;
    native.release();
  }
  lock.tracked_ = internal::NoteAcquired(mu.id_, Mode::kExclusive, where);
  return in_time;
}

void CondVar::NotifyOne() {
  cv_.notify_one();
  if (Scheduler* scheduler = ActiveScheduler()) scheduler->Wake(this, false);
}

void CondVar::NotifyAll() {
  cv_.notify_all();
  if (Scheduler* scheduler = ActiveScheduler()) scheduler->Wake(this, true);
}

}  // namespace faultline::lock
