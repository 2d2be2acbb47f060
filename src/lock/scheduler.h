// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <chrono>
#include <string_view>

#include "lock/validator.h"

namespace faultline::lock {

/// The seam through which a deterministic scheduler drives the real code. Null in production. While
/// one is active every primitive of this layer tries, and calls Block when it cannot go on; it
/// tries again after each return. Test points call Yield. Only threads made with lock::Thread while
/// it is active may call Block.
class Scheduler {
 public:
  virtual ~Scheduler() = default;

  /// Returns after a Wake of `resource`, or earlier.
  virtual void Block(const void* resource) = 0;
  /// Block with a limit in virtual time; false when it has passed.
  virtual bool BlockFor(const void* resource, std::chrono::nanoseconds timeout) = 0;
  /// `resource` may be had now: wakes one, or all, of who is blocked on it. Any thread; never
  /// switches to another one, so what follows it is still atomic.
  virtual void Wake(const void* resource, bool all) = 0;
  /// A place where another thread may run: a test point, an acquisition.
  virtual void Yield(const char* point) = 0;

  /// In the thread that makes another one; the result goes to ThreadStarted there.
  virtual void* ThreadCreated(std::string_view name) = 0;
  /// In the new thread, first and last.
  virtual void ThreadStarted(void* handle) = 0;
  virtual void ThreadExiting() = 0;

  /// Virtual monotonic time.
  virtual std::chrono::nanoseconds Now() = 0;
};

/// Installs it for the process, and its Yield into the test points; nullptr takes it away. No lock
/// of this layer may be held or waited for meanwhile.
void SetActiveScheduler(Scheduler* scheduler);

namespace internal {
extern constinit std::atomic<Scheduler*> g_scheduler;
}

inline Scheduler* ActiveScheduler() {
  if ((internal::Features() & internal::kFeatureScheduler) == 0) [[likely]]
    return nullptr;
  return internal::g_scheduler.load(std::memory_order_acquire);
}

}  // namespace faultline::lock
