// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/grace_period.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "base/test_point.h"
#include "support/random_seed.h"

namespace faultline::lock {
namespace {

class GracePeriodRules : public testing::Test {
 protected:
  void Call() {
    grace_.Call([this] { ++ran_; });
  }
  GracePeriod grace_;
  int ran_ = 0;
};

TEST_F(GracePeriodRules, CallbackRunsWhenNobodyReads) {
  Call();
  EXPECT_EQ(ran_, 0) << "Call itself runs nothing";
  EXPECT_EQ(grace_.Poll(), 0u);
  EXPECT_EQ(ran_, 1);
}

TEST_F(GracePeriodRules, CallbackWaitsForTheSectionThatWasOpen) {
  std::optional<GracePeriod::ReadSection> section(std::in_place, grace_);
  Call();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(grace_.Poll(), 1u);
  EXPECT_EQ(ran_, 0);
  section.reset();
  grace_.Poll();
  EXPECT_EQ(ran_, 1);
}

TEST_F(GracePeriodRules, LaterSectionsDelayNothing) {
  std::optional<GracePeriod::ReadSection> first(std::in_place, grace_);
  Call();
  grace_.Poll();  // readers are flipped over to the other index
  GracePeriod::ReadSection second(grace_);
  first.reset();
  grace_.Poll();
  EXPECT_EQ(ran_, 1);
}

TEST_F(GracePeriodRules, SecondCallWaitsForSectionsOpenThen) {
  std::optional<GracePeriod::ReadSection> first(std::in_place, grace_);
  Call();
  grace_.Poll();
  std::optional<GracePeriod::ReadSection> second(std::in_place, grace_);
  Call();
  first.reset();
  grace_.Poll();
  EXPECT_EQ(ran_, 1) << "the first only";
  second.reset();
  EXPECT_EQ(grace_.Poll(), 0u);
  EXPECT_EQ(ran_, 2);
}

TEST_F(GracePeriodRules, SectionMayEndInAnotherThread) {
  auto section = std::make_unique<GracePeriod::ReadSection>(grace_);
  GracePeriod::ReadSection moved(std::move(*section));
  section.reset();
  Call();
  grace_.Poll();
  EXPECT_EQ(ran_, 0);
  std::thread([&moved] { moved.End(); }).join();
  grace_.Poll();
  EXPECT_EQ(ran_, 1);
}

TEST_F(GracePeriodRules, SectionsNest) {
  std::optional<GracePeriod::ReadSection> outer(std::in_place, grace_);
  { GracePeriod::ReadSection inner(grace_); }
  Call();
  grace_.Poll();
  EXPECT_EQ(ran_, 0);
  outer.reset();
  grace_.Poll();
  EXPECT_EQ(ran_, 1);
}

TEST_F(GracePeriodRules, CallbackMayCallAgain) {
  grace_.Call([this] { Call(); });
  EXPECT_EQ(grace_.Poll(), 0u);
  EXPECT_EQ(ran_, 1);
}

TEST_F(GracePeriodRules, BarrierReturnsWhenAllHasRun) {
  for (int i = 0; i < 10; ++i) Call();
  grace_.Barrier();
  EXPECT_EQ(ran_, 10);
}

TEST_F(GracePeriodRules, CallbackMayOwnWhatCannotBeCopied) {
  auto owned = std::make_unique<int>(7);
  grace_.Call([this, owned = std::move(owned)] { ran_ = *owned; });
  grace_.Poll();
  EXPECT_EQ(ran_, 7);
}

TEST(GracePeriodWake, LastReaderAsksForAPollOnlyWhenOneWaits) {
  int wakes = 0;
  GracePeriod grace([&wakes] { ++wakes; });
  { GracePeriod::ReadSection section(grace); }
  EXPECT_EQ(wakes, 0);
  std::optional<GracePeriod::ReadSection> section(std::in_place, grace);
  grace.Call([] {});
  EXPECT_EQ(wakes, 1) << "by Call";
  grace.Poll();
  section.reset();
  EXPECT_EQ(wakes, 2) << "by the reader";
  EXPECT_EQ(grace.Poll(), 0u);
  { GracePeriod::ReadSection again(grace); }
  EXPECT_EQ(wakes, 2);
}

#ifdef FAULTLINE_TEST_POINTS
/// A reader is held between reading the index and counting itself in, while a whole period passes
/// and flips the index. It then reads under the idle one, and the next period must see it there.
TEST_F(GracePeriodRules, ReaderThatMissedAFlipIsWaitedForByTheNextPeriod) {
  std::atomic<bool> inside{false}, leave{false};
  test_point::Arm("lock.grace.index_read", test_point::Action::Block());
  std::thread reader([&] {
    GracePeriod::ReadSection section(grace_);
    inside = true;
    inside.notify_all();
    leave.wait(false);
  });
  ASSERT_TRUE(test_point::WaitUntilHit("lock.grace.index_read"));
  Call();
  EXPECT_EQ(grace_.Poll(), 0u) << "it has not begun: nothing to wait for";
  test_point::Release("lock.grace.index_read");
  inside.wait(false);
  Call();
  EXPECT_EQ(grace_.Poll(), 1u);
  EXPECT_EQ(ran_, 1);
  leave = true;
  leave.notify_all();
  reader.join();
  EXPECT_EQ(grace_.Poll(), 0u);
  EXPECT_EQ(ran_, 2);
  test_point::Reset();
}
#endif

TEST(GracePeriodDeathTest, DestructionWithCallbacksPendingDies) {
  EXPECT_DEATH(
      {
        GracePeriod grace;
        grace.Call([] {});
      },
      "callbacks are pending");
}

/// What it is for: an object is reused only when nobody can still look at it. Readers look a slot
/// up, linger, and must find the life of the object unchanged; killers replace it and have the old
/// object poisoned after a grace period. Skipping any wait makes readers see the poison.
TEST(GracePeriodStress, NoReaderEverSeesAReusedObject) {
  struct Object {
    std::atomic<uint64_t> alive{1};
  };
  constexpr int kReaders = 3, kReplacements = 3000;
  uint64_t seed = test::RandomSeed();
  GracePeriod grace;
  std::vector<std::unique_ptr<Object>> objects;
  for (int i = 0; i <= kReplacements; ++i) objects.push_back(std::make_unique<Object>());
  std::atomic<Object*> current{objects[0].get()};
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> stale{0}, poisoned{0};

  auto read = [&](uint64_t n) {
    std::mt19937_64 random(seed + n);
    while (!stop) {
      GracePeriod::ReadSection section(grace);
      Object* object = current.load();
      for (uint64_t i = random() % 64; i-- > 0;) {
        if (object->alive.load() == 0) ++stale;
        if (random() % 32 == 0) std::this_thread::yield();
      }
    }
  };
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < kReaders; ++t) threads.emplace_back(read, t);
  std::thread poller([&] {
    while (!stop) {
      grace.Poll();
      std::this_thread::yield();
    }
  });
  for (int i = 1; i <= kReplacements; ++i) {
    Object* old = current.exchange(objects[static_cast<size_t>(i)].get());
    grace.Call([old, &poisoned] {
      old->alive = 0;
      ++poisoned;
    });
  }
  grace.Barrier();
  stop = true;
  for (auto& thread : threads) thread.join();
  poller.join();
  EXPECT_EQ(stale, 0u);
  EXPECT_EQ(poisoned, static_cast<uint64_t>(kReplacements));
}

}  // namespace
}  // namespace faultline::lock
