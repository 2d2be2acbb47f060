// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/fsck.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "support/fsck_damages.h"

namespace faultline::store {
namespace {

using test::SoundStore;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Codes(const FsckReport& report) {
  std::vector<std::string> codes;
  for (const Problem& problem : report.problems) codes.push_back(problem.code);
  return codes;
}

TEST(Fsck, SoundStoreIsClean) {
  SoundStore sound;
  const FsckReport report = sound.Check(FsckMode::kRepair);
  EXPECT_THAT(Codes(report), IsEmpty());
  EXPECT_FALSE(report.repaired);
  EXPECT_EQ(sound.store.writes, 0);
  EXPECT_EQ(report.inodes, 7u);
  EXPECT_EQ(report.directories, 3u);
  EXPECT_EQ(report.orphans, 1u);
  EXPECT_EQ(report.volume_blocks, 6u);
  EXPECT_EQ(report.small_blocks, 2u);
}

TEST(Fsck, SuperblockIsBeyondRepairWithoutAVolumeHeader) {
  SoundStore sound;
  sound.Record(Family::kDefault, keys::kSuperblock).clear();
  sound.store.header.reset();
  const FsckReport report = sound.Check(FsckMode::kRepair);
  EXPECT_THAT(Codes(report), Contains("superblock-damaged"));
  EXPECT_TRUE(report.LeavesProblems());
  EXPECT_EQ(sound.store.writes, 0);
}

TEST(Fsck, NewSuperblockIsReportedOnceNotForEveryName) {
  SoundStore sound;
  sound.Record(Family::kDefault, keys::kSuperblock).clear();
  EXPECT_THAT(Codes(sound.Check()), ElementsAre("superblock-damaged"));
}

TEST(Fsck, VolumeOfAnotherStoreIsLeftAlone) {
  SoundStore sound;
  sound.store.header->uuid[0] ^= 1;
  const FsckReport report = sound.Check(FsckMode::kRepair);
  EXPECT_THAT(Codes(report), ElementsAre("volume-foreign"));
  EXPECT_EQ(sound.store.writes, 0);
}

TEST(Fsck, UnreadableBlockIsReportedAndLeftAlone) {
  SoundStore sound;
  sound.store.unreadable_block = 12;
  const FsckReport report = sound.Check(FsckMode::kRepair);
  EXPECT_THAT(Codes(report), Contains("data-unreadable"));
  EXPECT_TRUE(report.LeavesProblems());
}

TEST(Fsck, DataIsReadOnRequestOnly) {
  SoundStore sound;
  sound.store.volume[kBlockSize + 5] ^= std::byte{1};
  EXPECT_TRUE(sound.Check(FsckMode::kCheck, false).Clean());
  EXPECT_FALSE(sound.Check(FsckMode::kCheck, true).Clean());
}

TEST(Fsck, ReportsProgressOfEveryPass) {
  SoundStore sound;
  std::set<std::string> passes;
  FsckOptions options;
  options.data = true;
  options.progress = [&](const FsckProgress& progress) {
    passes.insert(std::string(progress.pass));
  };
  EXPECT_TRUE(CheckRecords(sound.store, options));
  EXPECT_EQ(passes, (std::set<std::string>{"format", "inodes", "extents", "small", "data", "names",
                                           "tree", "counts"}));
}

// Runs `check` for each kind of damage, on a store that has it.
void ForEachDamage(const std::function<void(const test::Damage&, SoundStore&)>& check) {
  int number = 0;
  for (const test::Damage& damage : test::AllDamages()) {
    SCOPED_TRACE(fmt::format("damage {}: {}", number++, damage.code));
    SoundStore damaged;
    damage.inflict(damaged);
    check(damage, damaged);
  }
}

TEST(FsckDamage, IsFoundByNameAndNothingIsWritten) {
  ForEachDamage([](const test::Damage& damage, SoundStore& damaged) {
    const auto before = damaged.store.tables;
    const FsckReport report = damaged.Check(FsckMode::kCheck);
    EXPECT_THAT(Codes(report), Contains(damage.code));
    EXPECT_TRUE(report.LeavesProblems());
    EXPECT_EQ(damaged.store.tables, before);
  });
}

TEST(FsckDamage, IsRepairedInOnePass) {
  ForEachDamage([](const test::Damage& damage, SoundStore& damaged) {
    const FsckReport report = damaged.Check(FsckMode::kRepair);
    EXPECT_TRUE(report.repaired);
    EXPECT_FALSE(report.LeavesProblems());
    const FsckReport again = damaged.Check(FsckMode::kCheck);
    for (const Problem& problem : again.problems)
      ADD_FAILURE() << problem.code << ": " << problem.subject << ": " << problem.message;
    if (damage.expect) damage.expect(damaged);
  });
}

TEST(FsckDamage, LosesNoIntactBlock) {
  ForEachDamage([](const test::Damage& damage, SoundStore& damaged) {
    const auto before = damaged.IntactBlocks();
    damaged.Check(FsckMode::kRepair);
    const auto after = damaged.IntactBlocks();
    std::vector<uint32_t> lost;
    std::ranges::set_difference(before, after, std::back_inserter(lost));
    const std::set<std::string> changed = {"data-beyond-end", "extent-key"};
    EXPECT_TRUE(lost.empty() || changed.contains(damage.code)) << lost.size() << " blocks lost";
  });
}

TEST(FsckDamage, IsPreenedOnlyWhenHarmless) {
  ForEachDamage([](const test::Damage& damage, SoundStore& damaged) {
    const FsckReport report = damaged.Check(FsckMode::kPreen);
    EXPECT_EQ(report.repaired, damage.harmless);
    EXPECT_EQ(damaged.store.writes > 0, damage.harmless);
  });
}

}  // namespace
}  // namespace faultline::store
