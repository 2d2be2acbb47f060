// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace faultline {

using Nanoseconds = std::chrono::nanoseconds;

/// Where the program reads the time, so that a test or a deterministic scheduler can own it.
class Clock {
 public:
  virtual ~Clock() = default;

  /// Since 1970, for times that are stored in inodes.
  virtual Nanoseconds Realtime() = 0;
  /// From an arbitrary start, for durations and deadlines.
  virtual Nanoseconds Monotonic() = 0;

  static Clock& System();
};

/// A clock that stands still until it is told.
class ManualClock final : public Clock {
 public:
  Nanoseconds Realtime() override;
  Nanoseconds Monotonic() override;
  void Advance(Nanoseconds by);

 private:
  std::atomic<int64_t> now_{0};
};

/// Installs `clock` for the process; nullptr: the system's. It has to outlive its use.
void SetClock(Clock* clock);

Nanoseconds RealtimeNow();
Nanoseconds MonotonicNow();

}  // namespace faultline
