// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/clock.h"

namespace faultline {
namespace {

class SystemClock final : public Clock {
 public:
  Nanoseconds Realtime() override { return std::chrono::system_clock::now().time_since_epoch(); }
  Nanoseconds Monotonic() override { return std::chrono::steady_clock::now().time_since_epoch(); }
};

constinit std::atomic<Clock*> g_clock{nullptr};

Clock& Current() {
  Clock* clock = g_clock.load(std::memory_order_acquire);
  return clock != nullptr ? *clock : Clock::System();
}

}  // namespace

Clock& Clock::System() {
  static SystemClock clock;
  return clock;
}

Nanoseconds ManualClock::Realtime() { return Nanoseconds(now_.load()); }
Nanoseconds ManualClock::Monotonic() { return Nanoseconds(now_.load()); }
void ManualClock::Advance(Nanoseconds by) { now_.fetch_add(by.count()); }

void SetClock(Clock* clock) { g_clock.store(clock, std::memory_order_release); }

Nanoseconds RealtimeNow() { return Current().Realtime(); }
Nanoseconds MonotonicNow() { return Current().Monotonic(); }

}  // namespace faultline
