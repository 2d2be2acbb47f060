// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/range_lock.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "lock/lock_state.h"
#include "support/random_seed.h"

namespace faultline::lock {
namespace {

/// Holds a range in a thread of its own, so that the test decides when it comes and goes.
class Holder {
 public:
  Holder(RangeLock& lock, ByteRange range, Mode mode)
      : thread_([this, &lock, range, mode] {
          RangeGuard guard(lock, range, mode);
          has_it_ = true;
          has_it_.notify_all();
          release_.wait(false);
        }) {}
  ~Holder() { Release(); }

  bool HasIt() const { return has_it_; }
  void WaitUntilHeld() { has_it_.wait(false); }
  void Release() {
    if (!thread_.joinable()) return;
    release_ = true;
    release_.notify_all();
    thread_.join();
  }

 private:
  std::atomic<bool> has_it_{false};
  std::atomic<bool> release_{false};
  std::thread thread_;
};

size_t Waiters(const RangeLock& lock) {
  size_t count = 0;
  for (const auto& context : CaptureLockState().contexts)
    for (const auto& waiter : context.waits_for) count += waiter.lock == &lock;
  return count;
}

bool WaitForWaiters(const RangeLock& lock, size_t count) {
  for (int i = 0; i < 200000; ++i) {
    if (Waiters(lock) == count) return true;
    std::this_thread::yield();
  }
  return false;
}

class RangeLockRules : public testing::Test {
 protected:
  RangeLock lock_{LockClass::kRange, 5};
};

TEST_F(RangeLockRules, DisjointWritersDoNotWait) {
  Holder first(lock_, {0, 4096}, Mode::kExclusive);
  first.WaitUntilHeld();
  Holder second(lock_, {4096, 8192}, Mode::kExclusive);
  second.WaitUntilHeld();
}

TEST_F(RangeLockRules, OverlappingReadersShare) {
  Holder first(lock_, {0, 8192}, Mode::kShared);
  first.WaitUntilHeld();
  Holder second(lock_, {4096, 12288}, Mode::kShared);
  second.WaitUntilHeld();
}

TEST_F(RangeLockRules, WriterWaitsForOverlappingWriter) {
  Holder first(lock_, {0, 8192}, Mode::kExclusive);
  first.WaitUntilHeld();
  Holder second(lock_, {4096, 12288}, Mode::kExclusive);
  ASSERT_TRUE(WaitForWaiters(lock_, 1));
  EXPECT_FALSE(second.HasIt());
  first.Release();
  second.WaitUntilHeld();
}

TEST_F(RangeLockRules, ReaderWaitsForEarlierWaitingWriter) {
  Holder reader(lock_, {0, 4096}, Mode::kShared);
  reader.WaitUntilHeld();
  Holder writer(lock_, {0, 4096}, Mode::kExclusive);
  ASSERT_TRUE(WaitForWaiters(lock_, 1));
  Holder late(lock_, {0, 4096}, Mode::kShared);
  ASSERT_TRUE(WaitForWaiters(lock_, 2));
  reader.Release();
  writer.WaitUntilHeld();
  EXPECT_FALSE(late.HasIt());
  writer.Release();
  late.WaitUntilHeld();
}

TEST_F(RangeLockRules, WaiterDoesNotBlockWhoConflictsWithNobody) {
  Holder first(lock_, {0, 4096}, Mode::kExclusive);
  first.WaitUntilHeld();
  Holder waiting(lock_, {0, 8192}, Mode::kExclusive);
  ASSERT_TRUE(WaitForWaiters(lock_, 1));
  Holder beyond(lock_, {8192, 12288}, Mode::kExclusive);
  beyond.WaitUntilHeld();
  first.Release();
  waiting.WaitUntilHeld();
}

TEST_F(RangeLockRules, EmptyRangeLocksNothing) {
  RangeGuard all(lock_, {0, kEndOfFile}, Mode::kExclusive);
  RangeGuard nothing(lock_, {5, 5}, Mode::kExclusive);
}

TEST_F(RangeLockRules, UnlockEndsTheGuardEarly) {
  RangeGuard guard(lock_, {0, 4096}, Mode::kExclusive);
  guard.Unlock();
  RangeGuard again(lock_, {0, 4096}, Mode::kExclusive);
}

/// The model: per block, who is inside. Threads take random ranges; inside a range each block must
/// have either one writer or readers only. Breaking FIFO, conflict or wake-up shows here or hangs.
TEST_F(RangeLockRules, NoTwoConflictingHoldersEver) {
  constexpr int kThreads = 6, kRounds = 2000;
  constexpr uint64_t kBlocks = 16;
  std::array<std::atomic<int>, kBlocks> readers{}, writers{};
  std::atomic<int> conflicts{0};
  uint64_t seed = test::RandomSeed();
  auto run = [&](int t) {
    std::mt19937_64 random(seed + static_cast<uint64_t>(t));
    for (int i = 0; i < kRounds; ++i) {
      uint64_t a = random() % kBlocks, b = a + 1 + random() % (kBlocks - a);
      bool write = random() % 2 == 0;
      RangeGuard guard(lock_, {a * kBlockSize, b * kBlockSize},
                       write ? Mode::kExclusive : Mode::kShared);
      for (uint64_t k = a; k < b; ++k) {
        (write ? writers : readers)[k]++;
        if (writers[k] > 1 || (writers[k] == 1 && readers[k] > 0)) conflicts++;
      }
      if (i % 16 == 0) std::this_thread::yield();
      for (uint64_t k = a; k < b; ++k) (write ? writers : readers)[k]--;
    }
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) threads.emplace_back(run, t);
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(conflicts, 0);
}

/// The sequential model: guards come and go in random order; who holds is computed by brute force
/// from the order of arrival, and compared after each step.
TEST_F(RangeLockRules, GrantsAreThoseOfTheBruteForceModel) {
  struct Entry {
    ByteRange range;
    Mode mode;
    std::unique_ptr<Holder> holder;
  };
  uint64_t seed = test::RandomSeed();
  std::mt19937_64 random(seed);
  std::vector<Entry> queue;
  auto granted = [&](size_t i) {
    for (size_t j = 0; j < i; ++j)
      if (queue[j].range.Overlaps(queue[i].range) &&
          (queue[j].mode == Mode::kExclusive || queue[i].mode == Mode::kExclusive))
        return false;
    return true;
  };
  for (int step = 0; step < 300; ++step) {
    if (queue.size() < 6 && random() % 2 == 0) {
      uint64_t a = random() % 8, b = a + 1 + random() % 4;
      Mode mode = random() % 2 == 0 ? Mode::kShared : Mode::kExclusive;
      ByteRange range{a * kBlockSize, b * kBlockSize};
      queue.push_back({range, mode, std::make_unique<Holder>(lock_, range, mode)});
    } else if (!queue.empty()) {
      size_t i = random() % queue.size();
      if (!granted(i)) continue;
      queue[i].holder->Release();
      queue.erase(queue.begin() + static_cast<long>(i));
    }
    size_t waiting = 0;
    for (size_t i = 0; i < queue.size(); ++i) {
      if (granted(i))
        queue[i].holder->WaitUntilHeld();
      else
        ++waiting;
    }
    ASSERT_TRUE(WaitForWaiters(lock_, waiting)) << "step " << step << " seed " << seed;
    for (size_t i = 0; i < queue.size(); ++i) ASSERT_EQ(queue[i].holder->HasIt(), granted(i));
  }
  // Everybody who waits is let in by those before it: release in order of arrival.
  for (Entry& entry : queue) {
    entry.holder->WaitUntilHeld();
    entry.holder->Release();
  }
}

}  // namespace
}  // namespace faultline::lock
