// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/extent_cache.h"

#include <gtest/gtest.h>

namespace faultline::fs {
namespace {

ChunkPtr AnyChunk() { return std::make_shared<const store::ExtentChunk>(); }

TEST(ExtentCache, KnowsNothingAtFirst) {
  ChunkBudget budget(10);
  ExtentCache cache(budget);
  EXPECT_EQ(cache.Find(0), std::nullopt);
}

TEST(ExtentCache, NewFileIsAHole) {
  ChunkBudget budget(10);
  ExtentCache cache(budget);
  cache.AssumeEmpty();
  EXPECT_EQ(cache.Find(1 << 20), ChunkPtr{});
  cache.Drop();
  EXPECT_EQ(cache.Find(1 << 20), std::nullopt) << "what was published before the drop is unknown";
}

TEST(ExtentCache, LoaderNeverReplacesWhatIsPublished) {
  ChunkBudget budget(10);
  ExtentCache cache(budget);
  const ChunkPtr published = AnyChunk();
  cache.Publish(3, published);
  cache.InsertLoaded(3, AnyChunk());
  EXPECT_EQ(cache.Find(3), published);
}

TEST(ExtentCache, LoaderNeverFillsAPublishedHole) {
  ChunkBudget budget(10);
  ExtentCache cache(budget);
  cache.Publish(3, nullptr);
  cache.InsertLoaded(3, AnyChunk());
  EXPECT_EQ(cache.Find(3), ChunkPtr{});
}

TEST(ExtentCache, DropsAreCounted) {
  ChunkBudget budget(10);
  ExtentCache cache(budget);
  const uint64_t before = cache.Drops();
  cache.Drop();
  EXPECT_NE(cache.Drops(), before);
}

TEST(ExtentCache, BudgetIsSharedAndGivenBack) {
  ChunkBudget budget(1);
  {
    ExtentCache one(budget);
    ExtentCache other(budget);
    one.Publish(0, AnyChunk());
    one.Publish(0, AnyChunk());
    EXPECT_FALSE(budget.Exceeded());
    other.InsertLoaded(0, AnyChunk());
    EXPECT_TRUE(budget.Exceeded());
    one.Drop();
    EXPECT_EQ(budget.Used(), 1u);
  }
  EXPECT_EQ(budget.Used(), 0u);
}

TEST(ExtentCache, FewChunksAreKeptWhateverTheBudget) {
  ChunkBudget budget(1);
  ExtentCache cache(budget);
  for (uint64_t index = 0; index < 256; ++index) cache.Publish(index, AnyChunk());
  EXPECT_FALSE(cache.ShouldDrop());
  cache.Publish(256, AnyChunk());
  EXPECT_TRUE(cache.ShouldDrop());
}

}  // namespace
}  // namespace faultline::fs
