// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/bench/locks.h"

#include <algorithm>
#include <iterator>

namespace faultline::lab {

RangeLock::Guard::Guard(RangeLock& lock, size_t first, size_t last, bool exclusive)
    : lock_(lock), first_(first), last_(last), exclusive_(exclusive) {
  std::unique_lock held(lock_.mutex_);
  place_ = lock_.queue_.insert(lock_.queue_.end(), this);
  lock_.changed_.wait(held, [&] { return !lock_.Blocked(*this); });
}

RangeLock::Guard::~Guard() {
  {
    const std::lock_guard held(lock_.mutex_);
    lock_.queue_.erase(place_);
  }
  lock_.changed_.notify_all();
}

bool RangeLock::Blocked(const Guard& guard) const {
  return std::any_of(
      queue_.begin(), std::list<Guard*>::const_iterator(guard.place_), [&](const Guard* earlier) {
        const bool overlap = earlier->first_ <= guard.last_ && guard.first_ <= earlier->last_;
        return overlap && (earlier->exclusive_ || guard.exclusive_);
      });
}

}  // namespace faultline::lab
