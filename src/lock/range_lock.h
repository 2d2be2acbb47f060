// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "base/types.h"
#include "lock/validator.h"

namespace faultline::lock {

class RangeGuard;

/// A reader-writer lock over byte ranges. Whoever comes waits for every earlier conflicting guard,
/// held or waiting: first come, first served, so nobody starves. Guards carry the list nodes, so
/// taking a range allocates nothing. Few ranges at a time are expected: every step looks at all of
/// them. Callers that read-modify-write blocks round out first (ByteRange::RoundOut).
/// The static analysis does not know it: a range is a value, not a capability.
class RangeLock {
 public:
  using Mode = lock::Mode;

  explicit RangeLock(LockClass lock_class, uint64_t instance = 0)
      : lock_class_(lock_class), instance_(instance) {}
  ~RangeLock();
  RangeLock(const RangeLock&) = delete;
  RangeLock& operator=(const RangeLock&) = delete;

 private:
  friend class RangeGuard;

  bool ConflictsWithEarlier(const RangeGuard& guard) const;
  void Append(RangeGuard& guard);
  void Remove(RangeGuard& guard);
  void GrantWaiters();

  const LockClass lock_class_;
  const uint64_t instance_;
  mutable std::mutex mu_;        // innermost of all: nothing is taken under it
  RangeGuard* first_ = nullptr;  // in order of arrival; guarded by mu_
  RangeGuard* last_ = nullptr;   // guarded by mu_
};

/// Holds a range for a scope. An empty range locks nothing.
class RangeGuard {
 public:
  RangeGuard(RangeLock& lock, ByteRange range, RangeLock::Mode mode,
             Place where = Place::Current());
  ~RangeGuard() { Unlock(); }
  RangeGuard(const RangeGuard&) = delete;
  RangeGuard& operator=(const RangeGuard&) = delete;

  ByteRange range() const { return range_; }
  RangeLock::Mode mode() const { return mode_; }

  void Unlock();

 private:
  friend class RangeLock;

  LockId Id() const;
  bool ConflictsWith(const RangeGuard& other) const;
  void WaitUntilGranted(std::unique_lock<std::mutex>& lock, Place where);

  RangeLock* lock_;
  const ByteRange range_;
  const RangeLock::Mode mode_;
  bool tracked_ = false;
  bool granted_ = false;          // guarded by lock_->mu_
  RangeGuard* prev_ = nullptr;    // guarded by lock_->mu_
  RangeGuard* next_ = nullptr;    // guarded by lock_->mu_
  std::condition_variable wake_;  // granted_ became true
};

}  // namespace faultline::lock
