// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/types.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

TEST(ByteRange, EmptyRangesAreEqualWhereverTheyLie) {
  EXPECT_EQ((ByteRange{5, 5}), (ByteRange{9, 3}));
  EXPECT_EQ((ByteRange{9, 3}).Size(), 0u);
}

TEST(ByteRange, EndIsNotInside) {
  ByteRange range{10, 20};
  EXPECT_TRUE(range.Contains(10));
  EXPECT_FALSE(range.Contains(20));
  EXPECT_FALSE(range.Overlaps({20, 30}));
  EXPECT_TRUE(range.Overlaps({19, 30}));
}

TEST(ByteRange, EveryRangeContainsTheEmptyOne) {
  EXPECT_TRUE((ByteRange{10, 20}).Contains(ByteRange{99, 99}));
  EXPECT_FALSE((ByteRange{10, 20}).Contains(ByteRange{15, 21}));
}

TEST(ByteRange, IntersectionIsSymmetric) {
  ByteRange a{0, 100}, b{50, 200};
  EXPECT_EQ(a.Intersect(b), (ByteRange{50, 100}));
  EXPECT_EQ(b.Intersect(a), a.Intersect(b));
  EXPECT_TRUE(a.Intersect({100, 200}).Empty());
}

TEST(ByteRange, RoundOutCoversAndRoundInIsCovered) {
  ByteRange range{1, 8193};
  EXPECT_EQ(range.RoundOut(), (ByteRange{0, 12288}));
  EXPECT_EQ(range.RoundIn(), (ByteRange{4096, 8192}));
  EXPECT_TRUE((ByteRange{1, 4096}).RoundIn().Empty());
  EXPECT_TRUE((ByteRange{7, 7}).RoundOut().Empty());
}

TEST(ByteRange, OfSizeStopsAtTheEndOfFile) {
  EXPECT_EQ(ByteRange::OfSize(10, 20), (ByteRange{10, 30}));
  EXPECT_EQ(ByteRange::OfSize(10, UINT64_MAX), (ByteRange{10, kEndOfFile}));
  EXPECT_TRUE(ByteRange::OfSize(UINT64_MAX, 5).Empty());
}

TEST(ByteRange, RoundOutOfTheWholeFileDoesNotWrap) {
  EXPECT_GE((ByteRange{0, kEndOfFile}).RoundOut().end, kEndOfFile);
}

}  // namespace
}  // namespace faultline
