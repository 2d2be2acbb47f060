// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/mutex.h"

#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "lock/lock_state.h"

namespace faultline::lock {
namespace {

using namespace std::chrono_literals;

/// Runs a rule with the validator off, reporting, aborting, and with statistics.
class Locks : public testing::TestWithParam<ValidatorMode> {
 protected:
  Locks() : mode_(GetValidatorMode()) { SetValidatorMode(GetParam()); }
  ~Locks() override { SetValidatorMode(mode_); }

 private:
  const ValidatorMode mode_;
};
INSTANTIATE_TEST_SUITE_P(Modes, Locks,
                         testing::Values(ValidatorMode::kOff, ValidatorMode::kReport,
                                         ValidatorMode::kAbort));

struct Counter {
  Mutex mu{LockClass::kStatistics};
  int value FL_GUARDED_BY(mu) = 0;
};

TEST_P(Locks, MutexAdmitsOneAtATime) {
  Counter counter;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&counter] {
      for (int i = 0; i < 2000; ++i) {
        MutexLock lock(counter.mu);
        ++counter.value;
      }
    });
  for (auto& thread : threads) thread.join();
  MutexLock lock(counter.mu);
  EXPECT_EQ(counter.value, 8000);
}

TEST_P(Locks, WriterSeesNoReaderAndReadersSeeNoHalfWrite) {
  SharedMutex mu(LockClass::kMapping, 1);
  int a = 0, b = 0;
  auto write = [&] {
    for (int i = 0; i < 1000; ++i) {
      ExclusiveLock lock(mu);
      ++a;
      ++b;
    }
  };
  auto read = [&] {
    for (int i = 0; i < 1000; ++i) {
      SharedLock lock(mu);
      EXPECT_EQ(a, b);
    }
  };
  std::thread threads[] = {std::thread(write), std::thread(read), std::thread(write),
                           std::thread(read)};
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(a, 2000);
}

TEST_P(Locks, ReadersShare) {
  SharedMutex mu(LockClass::kMapping, 1);
  std::latch both(2);
  auto read = [&] {
    SharedLock lock(mu);
    both.arrive_and_wait();  // would hang if one of them were alone
  };
  std::thread first(read), second(read);
  first.join();
  second.join();
}

TEST_P(Locks, UnlockEndsTheGuardEarly) {
  Mutex mu(LockClass::kStatistics);
  MutexLock lock(mu);
  lock.Unlock();
  std::thread([&] { MutexLock again(mu); }).join();
}

TEST_P(Locks, SetTakesEachOnceInAscendingOrder) {
  SharedMutex one(LockClass::kDirectory, 1), two(LockClass::kDirectory, 2),
      three(LockClass::kDirectory, 3);
  for (int i = 0; i < 2; ++i) {  // the second time shows that all were let go
    ExclusiveLockSet set({&three, &one, nullptr, &three, &two});
  }
  ExclusiveLockSet set({&three, &one});
  set.Unlock();
  ExclusiveLock again(one);
}

TEST_P(Locks, OppositeSetsDoNotDeadlock) {
  SharedMutex one(LockClass::kDirectory, 1), two(LockClass::kDirectory, 2);
  auto run = [](SharedMutex* a, SharedMutex* b) {
    for (int i = 0; i < 2000; ++i) ExclusiveLockSet set({a, b});
  };
  std::thread first(run, &one, &two), second(run, &two, &one);
  first.join();
  second.join();
}

struct Mailbox {
  Mutex mu{LockClass::kCommit};
  CondVar changed;
  int letters FL_GUARDED_BY(mu) = 0;
};

TEST_P(Locks, CondVarWakesWhoeverWaits) {
  Mailbox box;
  std::thread receiver([&box] {
    MutexLock lock(box.mu);
    bool got =
        box.changed.WaitUntil(lock, 10s, [&box]() FL_REQUIRES(box.mu) { return box.letters > 0; });
    EXPECT_TRUE(got);
    --box.letters;
  });
  {
    MutexLock lock(box.mu);
    ++box.letters;
    box.changed.NotifyOne();
  }
  receiver.join();
  MutexLock lock(box.mu);
  EXPECT_EQ(box.letters, 0);
}

TEST_P(Locks, WaitForGivesUpAtItsTimeout) {
  Mailbox box;
  MutexLock lock(box.mu);
  EXPECT_FALSE(box.changed.WaitUntil(lock, 1ms, [] { return false; }));
}

TEST_P(Locks, ModeMayChangeWhileALockIsHeld) {
  Mutex mu(LockClass::kStatistics);
  ValidatorMode other =
      GetParam() == ValidatorMode::kOff ? ValidatorMode::kAbort : ValidatorMode::kOff;
  {
    MutexLock lock(mu);
    SetValidatorMode(other);
  }
  EXPECT_EQ(CurrentContext().held.size(), 0u);
  MutexLock again(mu);
}

TEST(LockStatistics, HoldTimesAreRecordedOnlyWhileEnabled) {
  ResetLockState();
  auto count = [] {
    return CaptureLockState().classes[static_cast<size_t>(LockClass::kReclaim)].hold_ns.Count();
  };
  Mutex mu(LockClass::kReclaim);
  { MutexLock lock(mu); }
  EXPECT_EQ(count(), 0u);
  EnableLockStatistics(true);
  { MutexLock lock(mu); }
  { MutexLock lock(mu); }
  EnableLockStatistics(false);
  EXPECT_EQ(count(), 2u);
}

// glibc's default would let the stream of readers in for ever. The latch makes sure that a reader
// holds the lock and the writer waits before the next reader tries.
TEST(SharedMutexRule, WaitingWriterKeepsNewReadersOut) {
  SharedMutex mu(LockClass::kMapping, 9);
  std::vector<int> order;
  auto waiting = [&](size_t n) {
    for (int i = 0; i < 100000; ++i) {
      size_t found = 0;
      for (const auto& c : CaptureLockState().contexts)
        for (const auto& w : c.waits_for) found += w.lock == &mu;
      if (found == n) return true;
      std::this_thread::yield();
    }
    return false;
  };
  auto reader = std::make_unique<SharedLock>(mu);
  std::thread writer([&] {
    ExclusiveLock lock(mu);
    order.push_back(1);
  });
  ASSERT_TRUE(waiting(1));
  std::thread late([&] {
    SharedLock lock(mu);
    order.push_back(2);
  });
  ASSERT_TRUE(waiting(2));
  reader.reset();
  writer.join();
  late.join();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

}  // namespace
}  // namespace faultline::lock
