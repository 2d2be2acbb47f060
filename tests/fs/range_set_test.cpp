// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/range_set.h"

#include <gtest/gtest.h>

#include <bitset>
#include <random>

#include "support/random_seed.h"

namespace faultline::fs {
namespace {

std::vector<ByteRange> Left(const RangeSet& set) {
  return {set.Ranges().begin(), set.Ranges().end()};
}

TEST(RangeSet, EmptyRangeMakesAnEmptySet) {
  EXPECT_TRUE(RangeSet(ByteRange{7, 7}).Empty());
  EXPECT_TRUE(RangeSet().Empty());
}

TEST(RangeSet, TakingTheMiddleLeavesBothEnds) {
  RangeSet set(ByteRange{10, 20});
  set.Subtract({13, 15});
  EXPECT_EQ(Left(set), (std::vector<ByteRange>{{10, 13}, {15, 20}}));
}

TEST(RangeSet, NeighboursAreNotTouched) {
  RangeSet set(ByteRange{10, 20});
  set.Subtract({0, 10});
  set.Subtract({20, 30});
  set.Subtract({15, 15});
  EXPECT_EQ(Left(set), (std::vector<ByteRange>{{10, 20}}));
}

TEST(RangeSet, IsASetOfBytes) {
  std::mt19937_64 random(test::RandomSeed());
  constexpr uint64_t kBytes = 64;
  for (int round = 0; round < 2000; ++round) {
    RangeSet set(ByteRange{0, kBytes});
    std::bitset<kBytes> model;
    model.set();
    for (int step = 0; step < 8; ++step) {
      const uint64_t begin = random() % kBytes;
      const ByteRange gone{begin, begin + random() % 12};
      set.Subtract(gone);
      for (uint64_t i = gone.begin; i < std::min(gone.end, kBytes); ++i) model.reset(i);
    }
    std::bitset<kBytes> bytes;
    uint64_t last = 0;
    for (ByteRange range : set.Ranges()) {
      EXPECT_FALSE(range.Empty());
      EXPECT_TRUE(last == 0 || range.begin > last) << "ascending, with a gap between";
      last = range.end;
      for (uint64_t i = range.begin; i < range.end; ++i) bytes.set(i);
    }
    ASSERT_EQ(bytes, model);
  }
}

}  // namespace
}  // namespace faultline::fs
