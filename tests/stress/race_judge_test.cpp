// SPDX-License-Identifier: GPL-2.0-or-later
#include "race/race_judge.h"

#include <gtest/gtest.h>

#include <cstring>

namespace faultline::stress {
namespace {

constexpr uint64_t kRun = 0xfeedfacefeedface;

/// A finished round that punched pages 4 to 12 and a half.
class RaceJudgeTest : public testing::Test {
 protected:
  RaceJudgeTest() {
    facts_.plan.epoch = 7;
    facts_.plan.range = {4 * kPageSize, 12 * kPageSize + 2048};
    facts_.run = kRun;
    facts_.stale = Verdict::kStaleAfterPunch;
    facts_.call = "punch";
    facts_.old_image = CellImage(kRun, kRaceFile, 7, kRaceWriter);
    facts_.new_image = Replaced(facts_.old_image, facts_.plan.range, {});
    facts_.kill = {100, 200};
    seen_ = facts_.new_image;
  }

  std::string Verdicts() {
    RaceJudge judge(facts_);
    judge.JudgeAll(seen_, "by hand", stores_);
    std::string names;
    for (const auto& [verdict, count] : judge.violations().counts())
      names += (names.empty() ? "" : ", ") + std::string(Name(verdict));
    return names;
  }
  void PutCell(uint64_t offset, const CellIdentity& identity) {
    Cell cell = MakeCell(identity);
    std::memcpy(seen_.data() + offset, &cell, sizeof(cell));
  }

  RaceFacts facts_;
  RaceImage seen_;
  StoreLog stores_;
};

TEST_F(RaceJudgeTest, AcceptsTheImageAsItShallBe) { EXPECT_EQ(Verdicts(), ""); }

TEST_F(RaceJudgeTest, FlagsOneOldByteInTheRange) {
  uint64_t offset = 5 * kPageSize + 100;
  while (facts_.old_image[offset] == std::byte{0}) ++offset;
  seen_[offset] = facts_.old_image[offset];
  EXPECT_EQ(Verdicts(), "stale after punch");
}

TEST_F(RaceJudgeTest, FlagsOneChangedByteOutsideTheRange) {
  seen_[2 * kPageSize + 5] ^= std::byte{1};
  EXPECT_EQ(Verdicts(), "lost outside the range");
}

TEST_F(RaceJudgeTest, FlagsTheUncoveredPartOfTheEdgePage) {
  std::memset(seen_.data() + 12 * kPageSize + 2048, 0, 64);
  EXPECT_EQ(Verdicts(), "lost outside the range");
}

TEST_F(RaceJudgeTest, FlagsACellOfThisRoundAsStale) {
  PutCell(6 * kPageSize, {kRun, kRaceFile, 6 * kPageSize, kRaceWriter, 7, 7});
  EXPECT_EQ(Verdicts(), "stale after punch");
}

TEST_F(RaceJudgeTest, FlagsACellOfAnEarlierRoundAsResurrected) {
  PutCell(6 * kPageSize, {kRun, kRaceFile, 6 * kPageSize, kRaceWriter, 6, 6});
  EXPECT_EQ(Verdicts(), "resurrected epoch");
}

TEST_F(RaceJudgeTest, FlagsAMisplacedCell) {
  PutCell(6 * kPageSize, {kRun, kRaceFile, 7 * kPageSize, kRaceWriter, 7, 7});
  EXPECT_EQ(Verdicts(), "misplaced data");
}

TEST_F(RaceJudgeTest, FlagsBytesOfAnotherFile) {
  std::memset(seen_.data() + 5 * kPageSize, 'x', kCellSize);
  EXPECT_EQ(Verdicts(), "foreign data");
}

TEST_F(RaceJudgeTest, FlagsAStoreLostOutsideTheRange) {
  stores_[0].push_back({1, false, {150, 160}});
  EXPECT_EQ(Verdicts(), "lost outside the range");
}

TEST_F(RaceJudgeTest, FlagsABlindPageThatIsGone) {
  facts_.plan.blind_page = 6;
  facts_.blind_must_stay = true;
  EXPECT_EQ(Verdicts(), "lost store");
  FillPage(seen_, 6, kRun, kBlindFile, 7, kBlindWriter);
  EXPECT_EQ(Verdicts(), "");
}

TEST_F(RaceJudgeTest, LooksAtNoSlotWhileTheStorerRuns) {
  seen_[SlotByte(10)] = std::byte{0x42};
  RaceJudge judge(facts_);
  judge.JudgeBytes(seen_, "by hand");
  EXPECT_EQ(judge.violations().Failures(), 0u);
}

}  // namespace
}  // namespace faultline::stress
