// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>

#include "lock/mutex.h"

namespace faultline::fuse {

class Call;

/// The calls that wait for something slow and may be given up, and FUSE_INTERRUPT, which ends such
/// a wait. The kernel interrupts a request for every signal its caller gets, but a local file
/// system's fsync(2) only ends early for a caller that is being killed; so does ours. Without an
/// answer such a process would stay in D state until the wait is over. Any thread.
class WaitingCalls {
 public:
  /// Before the wait begins. False: its caller has been killed already, and the call is answered.
  bool Add(const std::shared_ptr<Call>& call);
  /// When the wait is over. Nothing happens if it was given up.
  void Remove(const Call& call);

  /// Of the INTERRUPT message: answers the call with EINTR if its caller is dying. The call may not
  /// be here yet, because another worker received it: that is remembered.
  void Interrupt(uint64_t unique);

 private:
  static constexpr size_t kMostEarly = 64;

  lock::Mutex mu_{lock::LockClass::kParked};
  std::map<uint64_t, std::weak_ptr<Call>> calls_ FL_GUARDED_BY(mu_);  // by `unique`
  std::deque<uint64_t> early_ FL_GUARDED_BY(mu_);                     // interrupted before Add
};

/// A thread with SIGKILL pending, or one that cannot be seen (gone, or of another pid namespace).
bool IsBeingKilled(uint32_t thread_id);

}  // namespace faultline::fuse
