// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/clock.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

using namespace std::chrono_literals;

TEST(Clock, InstalledClockIsTheOneThatIsRead) {
  ManualClock clock;
  SetClock(&clock);
  clock.Advance(5s);
  EXPECT_EQ(RealtimeNow(), 5s);
  EXPECT_EQ(MonotonicNow(), 5s);
  SetClock(nullptr);
  EXPECT_GT(RealtimeNow(), 24h * 365 * 30);
}

TEST(Clock, MonotonicTimeNeverGoesBack) {
  Nanoseconds last = MonotonicNow();
  for (int i = 0; i < 1000; ++i) {
    Nanoseconds now = MonotonicNow();
    ASSERT_GE(now, last);
    last = now;
  }
}

}  // namespace
}  // namespace faultline
