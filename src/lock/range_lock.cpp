// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/range_lock.h"

#include <utility>

#include "base/check.h"
#include "lock/held_locks.h"
#include "lock/scheduler.h"

namespace faultline::lock {

RangeLock::~RangeLock() { FL_CHECK(first_ == nullptr, "a range is still locked"); }

bool RangeLock::ConflictsWithEarlier(const RangeGuard& guard) const {
  for (const RangeGuard* g = first_; g != &guard; g = g->next_)
    if (g->ConflictsWith(guard)) return true;
  return false;
}

void RangeLock::Append(RangeGuard& guard) {
  guard.prev_ = last_;
  (last_ != nullptr ? last_->next_ : first_) = &guard;
  last_ = &guard;
}

void RangeLock::Remove(RangeGuard& guard) {
  (guard.prev_ != nullptr ? guard.prev_->next_ : first_) = guard.next_;
  (guard.next_ != nullptr ? guard.next_->prev_ : last_) = guard.prev_;
}

void RangeLock::GrantWaiters() {
  for (RangeGuard* g = first_; g != nullptr; g = g->next_) {
    if (g->granted_ || ConflictsWithEarlier(*g)) continue;
    g->granted_ = true;
    // Under mu_: once granted and unlocked, the guard may be gone.
    g->wake_.notify_one();
    if (Scheduler* scheduler = ActiveScheduler()) scheduler->Wake(g, true);
  }
}

RangeGuard::RangeGuard(RangeLock& lock, ByteRange range, RangeLock::Mode mode, Place where)
    : lock_(range.Empty() ? nullptr : &lock), range_(range), mode_(mode) {
  if (lock_ == nullptr) return;
  internal::CheckAcquire(Id(), mode_, where);
  if (Scheduler* scheduler = ActiveScheduler()) scheduler->Yield(where.file);
  {
    std::unique_lock held(lock_->mu_);
    lock_->Append(*this);
    granted_ = !lock_->ConflictsWithEarlier(*this);
    if (!granted_) WaitUntilGranted(held, where);
  }
  tracked_ = internal::NoteAcquired(Id(), mode_, where);
}

void RangeGuard::WaitUntilGranted(std::unique_lock<std::mutex>& held, Place where) {
  WaitScope waiting(Id(), where);
  while (!granted_) {
    Scheduler* scheduler = ActiveScheduler();
    if (scheduler == nullptr) {
      wake_.wait(held);
      continue;
    }
    held.unlock();
    scheduler->Block(this);
    held.lock();
  }
}

void RangeGuard::Unlock() {
  if (lock_ == nullptr) return;
  if (tracked_) internal::NoteReleased(Id());
  RangeLock& lock = *std::exchange(lock_, nullptr);
  std::lock_guard held(lock.mu_);
  lock.Remove(*this);
  lock.GrantWaiters();
}

LockId RangeGuard::Id() const {
  return {lock_, lock_->lock_class_, lock_->instance_, range_.begin, range_.end - 1};
}

bool RangeGuard::ConflictsWith(const RangeGuard& other) const {
  bool both_shared = mode_ == Mode::kShared && other.mode_ == Mode::kShared;
  return !both_shared && range_.Overlaps(other.range_);
}

}  // namespace faultline::lock
