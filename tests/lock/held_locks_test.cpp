// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/held_locks.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace faultline::lock {
namespace {

HeldLock Numbered(uint64_t n) {
  HeldLock held;
  held.id = {nullptr, LockClass::kRange, n, n, n};
  held.since_ns = static_cast<int64_t>(n);
  return held;
}

TEST(HeldLocks, RefusesMoreThanItHolds) {
  HeldLocks held;
  for (uint64_t n = 0; n < HeldLocks::kCapacity; ++n) EXPECT_TRUE(held.Push(Numbered(n)));
  EXPECT_FALSE(held.Push(Numbered(99)));
}

TEST(HeldLocks, RemovesFromTheMiddleAndKeepsTheOthers) {
  HeldLocks held;
  for (uint64_t n = 0; n < 3; ++n) held.Push(Numbered(n));
  HeldLock removed;
  EXPECT_TRUE(held.Remove(Numbered(1).id, &removed));
  EXPECT_EQ(removed.since_ns, 1);
  EXPECT_FALSE(held.Remove(Numbered(1).id, &removed));
  ASSERT_EQ(held.size(), 2u);
  EXPECT_EQ(held.At(0).id, Numbered(0).id);
  EXPECT_EQ(held.At(1).id, Numbered(2).id);
}

TEST(HeldLocks, MaskHasTheClassesThatAreLeft) {
  HeldLocks held;
  held.Push(Numbered(0));
  held.Push(Numbered(1));
  HeldLock removed;
  held.Remove(Numbered(0).id, &removed);
  EXPECT_EQ(held.mask(), MaskOf(LockClass::kRange));
  held.Remove(Numbered(1).id, &removed);
  EXPECT_EQ(held.mask(), 0u);
}

/// The owner drops the oldest of many entries and pushes the next number, which moves all of them:
/// a snapshot is whole when its numbers follow each other.
TEST(HeldLocks, SnapshotOfAnotherThreadIsWholeOrRefused) {
  constexpr uint64_t kChanges = 20000;
  constexpr uint64_t kEntries = HeldLocks::kCapacity - 1;
  HeldLocks held;
  std::atomic<uint64_t> changes{0};
  for (uint64_t n = 0; n < kEntries; ++n) held.Push(Numbered(n));
  std::thread owner([&] {
    HeldLock removed;
    for (uint64_t n = 0; n < kChanges; ++n) {
      held.Push(Numbered(kEntries + n));
      held.Remove(Numbered(n).id, &removed);
      changes = n + 1;
    }
  });
  std::array<HeldLock, HeldLocks::kCapacity> out;
  size_t count = 0, whole = 0, torn = 0;
  while (changes < kChanges || whole == 0) {
    if (!held.Snapshot(out, count)) continue;
    ++whole;
    for (size_t i = 0; i < count; ++i)
      torn += out[i].id.first != out[0].id.instance + i || out[i].id.last != out[i].id.instance;
  }
  owner.join();
  EXPECT_EQ(torn, 0u);
}

}  // namespace
}  // namespace faultline::lock
