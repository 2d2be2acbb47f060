// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/allocator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <random>

#include "support/random_seed.h"

namespace faultline::store {
namespace {

Extent Blocks(uint64_t start, uint64_t count) { return {{Space::kVolume, start}, count}; }

TEST(Allocator, GivesTheSmallestFreeExtentThatIsLargeEnough) {
  Allocator allocator(0);
  allocator.Free(10, 8);
  allocator.Free(100, 4);
  allocator.Free(200, 6);
  EXPECT_EQ(allocator.Allocate(5, AllocationClass::kNewData), std::vector{Blocks(200, 5)});
}

TEST(Allocator, TakesTheLargestExtentsWhenNoneIsLargeEnough) {
  Allocator allocator(0);
  allocator.Free(10, 8);
  allocator.Free(100, 4);
  allocator.Free(200, 6);
  EXPECT_EQ(allocator.Allocate(15, AllocationClass::kNewData),
            (std::vector{Blocks(10, 8), Blocks(200, 6), Blocks(100, 1)}));
}

TEST(Allocator, MergesNeighbours) {
  Allocator allocator(0);
  allocator.Free(10, 5);
  allocator.Free(20, 5);
  allocator.Free(15, 5);
  EXPECT_EQ(allocator.FreeExtents(), std::vector{Blocks(10, 15)});
}

TEST(Allocator, GivesAllOrNothing) {
  Allocator allocator(0);
  allocator.Free(1, 10);
  EXPECT_EQ(allocator.Allocate(11, AllocationClass::kInternal).error().code(), ENOSPC);
  EXPECT_EQ(allocator.FreeBlocks(), 10);
}

TEST(Allocator, KeepsTheReserveFromNewDataOnly) {
  Allocator allocator(4);
  allocator.Free(1, 10);
  EXPECT_FALSE(allocator.Allocate(7, AllocationClass::kNewData));
  EXPECT_TRUE(allocator.Allocate(6, AllocationClass::kNewData));
  EXPECT_FALSE(allocator.Allocate(1, AllocationClass::kNewData));
  EXPECT_TRUE(allocator.Allocate(3, AllocationClass::kOverwrite));
  EXPECT_TRUE(allocator.Allocate(1, AllocationClass::kInternal));
}

TEST(Allocator, OwesClaimedBlocksToSmallData) {
  Allocator allocator(2);
  allocator.Free(1, 10);
  EXPECT_FALSE(allocator.Claim(9, AllocationClass::kNewData, 0));
  EXPECT_TRUE(allocator.Claim(9, AllocationClass::kNewData, 1)) << "the volume can grow by one";
  EXPECT_FALSE(allocator.Allocate(2, AllocationClass::kOverwrite));
  EXPECT_TRUE(allocator.Allocate(9, AllocationClass::kInternal)) << "it is what they were kept for";
  allocator.Unclaim(9);
  EXPECT_TRUE(allocator.Allocate(1, AllocationClass::kOverwrite));
}

TEST(Allocator, CountsBlocksThatAreFreedTwice) {
  Allocator allocator(0);
  allocator.Free(10, 10);
  EXPECT_EQ(allocator.Free(5, 20), 10);
  EXPECT_EQ(allocator.FreeExtents(), std::vector{Blocks(5, 20)});
  EXPECT_EQ(allocator.FreeBlocks(), 20);
  EXPECT_EQ(allocator.Free(7, 2), 2);
}

// Against a bitmap: the allocator never hands out what is not free, loses nothing, and merges.
class AgainstBitmap {
 public:
  explicit AgainstBitmap(uint64_t seed) : random_(seed), free_(kBlocks, false) {}

  void Step() {
    switch (random_() % 3) {
      case 0: return Allocate();
      case 1: return FreeSomethingAllocated();
      default: return FreeAnything();
    }
  }

  void Compare() {
    std::vector<Extent> expected;
    for (uint64_t block = 0; block < kBlocks; ++block) {
      if (!free_[block]) continue;
      if (block > 0 && free_[block - 1]) {
        ++expected.back().count;
      } else {
        expected.push_back(Blocks(block, 1));
      }
    }
    ASSERT_EQ(allocator_.FreeExtents(), expected);
    ASSERT_EQ(allocator_.FreeBlocks(), std::count(free_.begin(), free_.end(), true));
  }

 private:
  static constexpr uint64_t kBlocks = 512;

  void Allocate() {
    const uint64_t want = 1 + random_() % 40;
    const uint64_t have = static_cast<uint64_t>(std::count(free_.begin(), free_.end(), true));
    auto extents = allocator_.Allocate(want, AllocationClass::kInternal);
    ASSERT_EQ(extents.has_value(), want <= have);
    if (!extents) return;
    uint64_t got = 0;
    for (const Extent& extent : *extents) {
      for (uint64_t i = 0; i < extent.count; ++i) {
        ASSERT_TRUE(free_[extent.start.block + i]);
        free_[extent.start.block + i] = false;
      }
      got += extent.count;
      held_.push_back(extent);
    }
    ASSERT_EQ(got, want);
  }

  void FreeSomethingAllocated() {
    if (held_.empty()) return;
    std::swap(held_[random_() % held_.size()], held_.back());
    const Extent extent = held_.back();
    held_.pop_back();
    Free(extent.start.block, extent.count);
  }

  void FreeAnything() {
    const uint64_t start = random_() % kBlocks;
    const uint64_t count = 1 + random_() % std::min<uint64_t>(8, kBlocks - start);
    std::erase_if(held_, [&](const Extent& held) {
      return held.start.block < start + count && start < held.start.block + held.count;
    });
    Free(start, count);
  }

  void Free(uint64_t start, uint64_t count) {
    uint64_t twice = 0;
    for (uint64_t block = start; block < start + count; ++block) {
      if (free_[block]) ++twice;
      free_[block] = true;
    }
    ASSERT_EQ(allocator_.Free(start, count), twice);
  }

  std::mt19937_64 random_;
  Allocator allocator_{0};
  std::vector<bool> free_;
  std::vector<Extent> held_;
};

TEST(Allocator, AgreesWithABitmap) {
  AgainstBitmap model(test::RandomSeed());
  for (int step = 0; step < 20'000; ++step) {
    ASSERT_NO_FATAL_FAILURE(model.Step()) << "step " << step;
    ASSERT_NO_FATAL_FAILURE(model.Compare()) << "step " << step;
  }
}

}  // namespace
}  // namespace faultline::store
