// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/keys.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>

#include "support/random_seed.h"

namespace faultline::store {
namespace {

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

std::string_view View(const auto& key) { return key; }

TEST(Keys, SortAsTheirNumbers) {
  std::mt19937_64 random(test::RandomSeed());
  for (int i = 0; i < 1000; ++i) {
    const uint64_t a = random() >> (random() % 64), b = random() >> (random() % 64);
    EXPECT_EQ(View(keys::Small(a)) < View(keys::Small(b)), a < b) << a << " " << b;
    EXPECT_EQ(View(keys::Chunk(InodeId{1}, a)) < View(keys::Chunk(InodeId{1}, b)), a < b);
    EXPECT_LT(View(keys::Chunk(InodeId{1}, a)), View(keys::Chunk(InodeId{2}, b)));
  }
}

TEST(Keys, ParseToWhatTheyWereMadeOf) {
  EXPECT_EQ(keys::ParseInode(keys::Inode(InodeId{kMax})), InodeId{kMax});
  EXPECT_EQ(keys::ParseOrphan(keys::Orphan(InodeId{77})), InodeId{77});
  EXPECT_EQ(keys::ParseSmall(keys::Small(0)), 0u);
  const auto chunk = keys::ParseChunk(keys::Chunk(InodeId{3}, 9));
  EXPECT_EQ(chunk->ino, InodeId{3});
  EXPECT_EQ(chunk->index, 9u);
  const std::string key = keys::Dirent(InodeId{3}, 512, "name");
  const auto dirent = keys::ParseDirent(key);
  EXPECT_EQ(dirent->parent, InodeId{3});
  EXPECT_EQ(dirent->hash, 512u);
  EXPECT_EQ(dirent->name, "name");
}

TEST(Keys, OfAnotherShapeDoNotParse) {
  EXPECT_FALSE(keys::ParseInode("1234567"));
  EXPECT_FALSE(keys::ParseInode("123456789"));
  EXPECT_FALSE(keys::ParseInode(keys::Inode(kNoInode)));
  EXPECT_FALSE(keys::ParseOrphan("orphan/1234567"));
  EXPECT_FALSE(keys::ParseOrphan("orphan_12345678"));
  EXPECT_FALSE(keys::ParseChunk("123456789012345"));
  EXPECT_FALSE(keys::ParseSmall(""));
  EXPECT_FALSE(keys::ParseDirent(keys::Dirent(InodeId{3}, 512, "")));
  EXPECT_FALSE(keys::ParseDirent(keys::Dirent(InodeId{3}, 512, std::string(256, 'x'))));
  EXPECT_TRUE(keys::ParseDirent(keys::Dirent(InodeId{3}, 512, std::string(255, 'x'))));
}

TEST(NameHash, FitsAFileOffsetAndLeavesRoomBelow) {
  std::mt19937_64 random(test::RandomSeed());
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t hash = keys::NameHash(std::to_string(i), random());
    EXPECT_GE(hash, 256u);
    EXPECT_EQ(hash % keys::kNamesPerHash, 0u);
    EXPECT_LE(hash, static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) - 255);
  }
}

TEST(NameHash, IsPartOfTheFormat) {
  EXPECT_EQ(keys::NameHash("faultline", 42), 1835553890414115840u);
}

TEST(NameHash, DependsOnTheSeed) {
  std::set<uint64_t> hashes;
  for (uint64_t seed = 0; seed < 1000; ++seed) hashes.insert(keys::NameHash("name", seed));
  EXPECT_EQ(hashes.size(), 1000u);
}

}  // namespace
}  // namespace faultline::store
