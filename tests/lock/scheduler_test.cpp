// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/scheduler.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/test_point.h"
#include "deterministic_scheduler.h"
#include "lock/grace_period.h"
#include "lock/mutex.h"
#include "lock/range_lock.h"
#include "lock/thread.h"

namespace faultline::lock {
namespace {

using namespace std::chrono_literals;

struct Outcome {
  int value;
  std::vector<std::string> trace;
};

template <class F>
int WithLock(Mutex& mu, F body) {
  MutexLock lock(mu);
  return body();
}

/// Two threads add one each. The lost update: read and written under the lock, but not under one.
Outcome RunTwoIncrements(uint64_t seed, bool broken) {
  DeterministicScheduler scheduler(seed);
  Mutex mu(LockClass::kStatistics);
  int value = 0;
  auto increment = [&] {
    MutexLock lock(mu);
    ++value;
  };
  auto lose = [&] {
    int read = WithLock(mu, [&] { return value; });
    MutexLock lock(mu);
    value = read + 1;
  };
  std::function<void()> body = broken ? std::function<void()>(lose) : increment;
  scheduler.Run([&] {
    Thread first("first", body);
    Thread second("second", body);
  });
  return {value, scheduler.trace()};
}

std::optional<uint64_t> FindLostUpdate(bool broken) {
  for (uint64_t seed = 0; seed < 200; ++seed)
    if (RunTwoIncrements(seed, broken).value != 2) return seed;
  return std::nullopt;
}

TEST(SchedulerSeam, SeedThatLosesAnUpdateIsFoundAndReplays) {
  std::optional<uint64_t> seed = FindLostUpdate(true);
  ASSERT_TRUE(seed.has_value());
  Outcome first = RunTwoIncrements(*seed, true);
  for (int i = 0; i < 5; ++i) {
    Outcome again = RunTwoIncrements(*seed, true);
    EXPECT_EQ(again.value, first.value);
    EXPECT_EQ(again.trace, first.trace);
  }
}

TEST(SchedulerSeam, NoSeedLosesAnUpdateOfCorrectCode) {
  EXPECT_EQ(FindLostUpdate(false), std::nullopt);
}

TEST(SchedulerSeam, SeedsAreDifferentSchedules) {
  std::set<std::vector<std::string>> traces;
  for (uint64_t seed = 0; seed < 50; ++seed) traces.insert(RunTwoIncrements(seed, false).trace);
  EXPECT_GT(traces.size(), 5u);
}

TEST(SchedulerSeam, DrivesReadersWritersAndRanges) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    DeterministicScheduler scheduler(seed);
    SharedMutex mu(LockClass::kMapping, 1);
    RangeLock ranges(LockClass::kRange, 1);
    int inside = 0, writes = 0;
    auto write = [&] {
      RangeGuard range(ranges, {0, 4096}, Mode::kExclusive);
      ExclusiveLock lock(mu);
      EXPECT_EQ(inside, 0);
      ++writes;
    };
    auto read = [&] {
      SharedLock lock(mu);
      ++inside;
      scheduler.Yield("inside");
      --inside;
    };
    scheduler.Run([&] { Thread a("a", write), b("b", read), c("c", write), d("d", read); });
    ASSERT_EQ(writes, 2);
  }
}

struct Mailbox {
  Mutex mu{LockClass::kCommit};
  CondVar changed;
  bool full FL_GUARDED_BY(mu) = false;
};

TEST(SchedulerSeam, DrivesConditionVariables) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    DeterministicScheduler scheduler(seed);
    Mailbox box;
    bool received = false;
    scheduler.Run([&] {
      Thread receiver("receiver", [&] {
        MutexLock lock(box.mu);
        box.changed.WaitUntil(lock, [&box]() FL_REQUIRES(box.mu) { return box.full; });
        received = true;
      });
      Thread sender("sender", [&] {
        MutexLock lock(box.mu);
        box.full = true;
        box.changed.NotifyOne();
      });
    });
    ASSERT_TRUE(received);
  }
}

TEST(SchedulerSeam, TimePassesOnlyWhenNobodyCanRun) {
  DeterministicScheduler scheduler(1);
  Mailbox box;
  scheduler.Run([&] {
    MutexLock lock(box.mu);
    EXPECT_FALSE(box.changed.WaitUntil(lock, 1h, [] { return false; }));
    EXPECT_EQ(ActiveScheduler()->Now(), 1h);
  });
}

TEST(SchedulerSeam, DrivesGracePeriods) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    DeterministicScheduler scheduler(seed);
    GracePeriod grace;
    bool alive = true, reading = false;
    scheduler.Run([&] {
      Thread reader("reader", [&] {
        GracePeriod::ReadSection section(grace);
        if (!alive) return;  // came after the kill
        reading = true;
        for (int i = 0; i < 5; ++i) {
          scheduler.Yield("reading");
          EXPECT_TRUE(alive) << "seed " << seed;
        }
        reading = false;
      });
      Thread killer("killer", [&] {
        grace.Call([&] { alive = false; });
        grace.Barrier();
        EXPECT_FALSE(reading) << "seed " << seed;
      });
    });
  }
}

#ifdef FAULTLINE_TEST_POINTS
TEST(SchedulerSeam, TestPointsAreChoices) {
  std::set<int> values;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    DeterministicScheduler scheduler(seed);
    int value = 0;
    auto increment = [&] {
      int read = value;
      FL_TEST_POINT("lock.test.between");
      value = read + 1;
    };
    scheduler.Run([&] { Thread a("a", increment), b("b", increment); });
    values.insert(value);
  }
  EXPECT_EQ(values, (std::set<int>{1, 2}));
}
#endif

/// Runs schedules of two threads that take two locks in opposite orders.
void TakeInOppositeOrders() {
  SetValidatorMode(ValidatorMode::kOff);
  for (uint64_t seed = 0; seed < 100; ++seed) {
    DeterministicScheduler scheduler(seed);
    Mutex one(LockClass::kStatistics, 1);
    Mutex two(LockClass::kStatistics, 2);
    auto take = [](Mutex* a, Mutex* b) {
      MutexLock first(*a);
      MutexLock second(*b);
    };
    scheduler.Run([&] {
      Thread x("x", [&] { take(&one, &two); });
      Thread y("y", [&] { take(&two, &one); });
    });
  }
}

TEST(SchedulerSeamDeathTest, DeadlockIsReportedWithWhoIsInIt) {
  EXPECT_DEATH(TakeInOppositeOrders(), "deadlock under the deterministic scheduler: main x y");
}

TEST(SchedulerSeam, NoSchedulerIsActiveOutsideARun) { EXPECT_EQ(ActiveScheduler(), nullptr); }

}  // namespace
}  // namespace faultline::lock
