// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/page_masks.h"

#include <gtest/gtest.h>

#include <random>

#include "support/random_seed.h"

namespace faultline::fs {
namespace {

constexpr ByteRange Page(uint64_t index) { return {index * kBlockSize, (index + 1) * kBlockSize}; }

std::vector<ByteRange> WrittenBack(const PageMasks& masks, ByteRange range) {
  RangeSet bytes(range);
  masks.Subtract(bytes);
  return {bytes.Ranges().begin(), bytes.Ranges().end()};
}

TEST(PageMasks, MaskIsExactToTheByte) {
  PageMasks masks;
  masks.Add({100, 5000});
  EXPECT_EQ(WrittenBack(masks, {0, 8192}), (std::vector<ByteRange>{{0, 100}, {5000, 8192}}));
}

TEST(PageMasks, RegrantLetsOnePageGo) {
  PageMasks masks;
  const auto id = masks.Add({0, 3 * kBlockSize});
  masks.Regrant({id}, Page(1));
  EXPECT_EQ(WrittenBack(masks, {0, 3 * kBlockSize}), (std::vector<ByteRange>{Page(1)}));
}

TEST(PageMasks, RegrantOfAnEdgePageLetsItsMaskedBytesGo) {
  PageMasks masks;
  const auto id = masks.Add({100, 5000});
  masks.Regrant({id}, Page(0));
  EXPECT_EQ(WrittenBack(masks, {0, 8192}), (std::vector<ByteRange>{{0, 4096}, {5000, 8192}}));
}

TEST(PageMasks, PartOfAPageRegrantsNothing) {
  PageMasks masks;
  const auto id = masks.Add(Page(0));
  masks.Regrant({id}, {0, kBlockSize - 1});
  EXPECT_TRUE(WrittenBack(masks, Page(0)).empty());
}

TEST(PageMasks, ReadPassesUnderMasksThatTouchItsPages) {
  PageMasks masks;
  const auto edge = masks.Add({100, 200});
  masks.Add(Page(5));
  EXPECT_EQ(masks.Over(Page(0)), std::vector<PageMasks::Id>{edge});
  EXPECT_TRUE(masks.Over(Page(1)).empty());
}

TEST(PageMasks, PageWritesThroughOnlyWhenEveryMaskLetsItGo) {
  PageMasks masks;
  const auto first = masks.Add(Page(0));
  const std::vector<PageMasks::Id> read_before_second = masks.Over(Page(0));
  const auto second = masks.Add(Page(0));
  masks.Regrant(read_before_second, Page(0));
  EXPECT_TRUE(WrittenBack(masks, Page(0)).empty()) << "sampled before the second was published";
  masks.Regrant({first, second}, Page(0));
  EXPECT_EQ(WrittenBack(masks, Page(0)), std::vector<ByteRange>{Page(0)});
}

TEST(PageMasks, RemovingOneLeavesTheOthers) {
  PageMasks masks;
  const auto first = masks.Add(Page(0));
  masks.Add({2048, 8192});
  masks.Remove(first);
  EXPECT_EQ(WrittenBack(masks, {0, 8192}), (std::vector<ByteRange>{{0, 2048}}));
}

TEST(PageMasks, TerabytesAreNoWork) {
  PageMasks masks;
  const auto id = masks.Add({0, kEndOfFile});
  masks.Regrant({id}, Page(7));
  EXPECT_EQ(WrittenBack(masks, {0, 1 << 20}), std::vector<ByteRange>{Page(7)});
}

// Byte by byte: a byte may be written back when no mask covers it that has not let its page go.
TEST(PageMasks, IsAFunctionOfEachByte) {
  std::mt19937_64 random(test::RandomSeed());
  constexpr uint64_t kBytes = 4 * kBlockSize;
  for (int round = 0; round < 300; ++round) {
    PageMasks masks;
    std::vector<char> dropped(kBytes, 0);
    for (int m = 0; m < 3; ++m) {
      const uint64_t begin = random() % kBytes;
      const ByteRange range{begin, std::min(kBytes, begin + 1 + random() % (2 * kBlockSize))};
      const auto id = masks.Add(range);
      const uint64_t regranted = random() % 8;
      if (regranted < 4) masks.Regrant({id}, Page(regranted));
      for (uint64_t i = range.begin; i < range.end; ++i)
        if (i / kBlockSize != regranted) dropped[i] = 1;
    }
    std::vector<char> kept(kBytes, 0);
    for (ByteRange range : WrittenBack(masks, {0, kBytes}))
      for (uint64_t i = range.begin; i < range.end; ++i) kept[i] = 1;
    for (uint64_t i = 0; i < kBytes; ++i) ASSERT_NE(kept[i], dropped[i]) << "byte " << i;
  }
}

}  // namespace
}  // namespace faultline::fs
