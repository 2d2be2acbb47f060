// SPDX-License-Identifier: GPL-2.0-or-later
#include "check/register_check.h"

#include <gtest/gtest.h>

namespace faultline::stress {
namespace {

/// A cell's history in a notation that fits a line: Write(value, begin, end), ...
class History {
 public:
  explicit History(CellValue initial = kZeroValue) { history_.initial = initial; }

  History& Write(CellValue value, Instant begin, Instant end, bool maybe = false) {
    history_.mutations.push_back({value, {begin, end}, Verdict::kStaleAfterWrite, maybe, false, 0});
    return *this;
  }
  History& Punch(Instant begin, Instant end) {
    history_.mutations.push_back(
        {kZeroValue, {begin, end}, Verdict::kStaleAfterPunch, false, false, 0});
    return *this;
  }
  History& PunchPartOfPage(Instant begin, Instant end) {
    Punch(begin, end);
    history_.mutations.back().part_of_page = true;
    return *this;
  }
  History& MayZero(Instant begin, Instant end) {
    history_.mutations.push_back(
        {kZeroValue, {begin, end}, Verdict::kStaleAfterTruncate, true, false, 0});
    return *this;
  }
  History& Read(CellValue value, Instant begin, Instant end) {
    history_.observations.push_back({value, {begin, end}, false, 0});
    return *this;
  }
  History& ReadDirect(CellValue value, Instant begin, Instant end) {
    history_.observations.push_back({value, {begin, end}, true, 0});
    return *this;
  }
  History& KilledBefore(Verdict verdict) {
    history_.initial_stale = verdict;
    return *this;
  }

  bool Legal(bool fuse = false) const { return !CheckCell(history_, fuse); }
  std::string Verdict_(bool fuse = false) const {
    auto finding = CheckCell(history_, fuse);
    return finding ? Name(finding->verdict) : "legal";
  }

 private:
  CellHistory history_;
};

constexpr CellValue kA = MakeValue(0, 1), kB = MakeValue(0, 2), kC = MakeValue(1, 1);

TEST(RegisterCheck, AcceptsNothing) { EXPECT_TRUE(History().Legal()); }

TEST(RegisterCheck, AcceptsWhatWasWrittenLast) {
  EXPECT_TRUE(History().Write(kA, 1, 2).Write(kB, 3, 4).Read(kB, 5, 6).Legal());
}

TEST(RegisterCheck, AcceptsEitherValueDuringAWrite) {
  EXPECT_TRUE(History(kA).Write(kB, 1, 10).Read(kA, 2, 3).Read(kB, 4, 5).Legal());
  EXPECT_TRUE(History(kA).Write(kB, 1, 10).Read(kB, 2, 6).Read(kA, 3, 5).Legal());
}

TEST(RegisterCheck, AcceptsEitherOrderOfConcurrentWrites) {
  for (CellValue last : {kA, kC})
    EXPECT_TRUE(History().Write(kA, 1, 10).Write(kC, 5, 15).Read(last, 20, 21).Legal());
}

TEST(RegisterCheck, FlagsAnOverwrittenValue) {
  EXPECT_EQ(History().Write(kA, 1, 2).Write(kB, 3, 4).Read(kA, 5, 6).Verdict_(),
            "stale after write");
}

TEST(RegisterCheck, FlagsTheInitialValueAfterAWrite) {
  EXPECT_EQ(History(kA).Write(kB, 3, 4).Read(kA, 5, 6).Verdict_(), "stale after write");
}

TEST(RegisterCheck, FlagsAValueThatComesBackAfterAnotherWasSeen) {
  EXPECT_EQ(History(kA).Write(kB, 1, 10).Read(kB, 2, 3).Read(kA, 4, 5).Verdict_(),
            "stale after write");
}

TEST(RegisterCheck, FlagsReadersThatDisagreeAboutConcurrentWrites) {
  EXPECT_EQ(History()
                .Write(kA, 1, 100)
                .Write(kC, 1, 100)
                .Read(kA, 10, 11)
                .Read(kC, 20, 21)
                .Read(kA, 30, 31)
                .Verdict_(),
            "stale after write");
}

TEST(RegisterCheck, FlagsAPunchedValue) {
  EXPECT_EQ(History().Write(kA, 1, 2).Punch(3, 4).Read(kA, 5, 6).Verdict_(), "stale after punch");
}

TEST(RegisterCheck, AcceptsAPunchedValueUntilThePunchReturned) {
  EXPECT_TRUE(History().Write(kA, 1, 2).Punch(3, 10).Read(kA, 5, 6).Read(kZeroValue, 7, 8).Legal());
}

TEST(RegisterCheck, FlagsAPunchedValueThatComesBackAfterZeroWasSeen) {
  EXPECT_EQ(History(kA).Punch(1, 20).Read(kZeroValue, 2, 3).Read(kA, 10, 11).Verdict_(),
            "stale after punch");
}

TEST(RegisterCheck, AcceptsAStoreThatRacesThePunchEitherWay) {
  for (CellValue last : {kA, kZeroValue})
    EXPECT_TRUE(History(kB).Punch(1, 10).Write(kA, 5, 6).Read(last, 20, 21).Legal());
}

TEST(RegisterCheck, FlagsALostStore) {
  EXPECT_EQ(History().Write(kA, 1, 2).Read(kZeroValue, 3, 4).Verdict_(), "lost store");
}

TEST(RegisterCheck, FlagsAStoreThatIsLostAfterItWasSeen) {
  EXPECT_EQ(History().Punch(0, 1).Write(kA, 2, 10).Read(kA, 3, 4).Read(kZeroValue, 5, 6).Verdict_(),
            "lost store");
}

TEST(RegisterCheck, FlagsAStoreAfterThePunchThatIsLost) {
  EXPECT_EQ(History(kB).Punch(1, 2).Write(kA, 3, 4).Read(kZeroValue, 5, 6).Verdict_(),
            "lost store");
}

TEST(RegisterCheck, CountsALossBeforeThePunchReturnedAsKernelWindowOnFuseOnly) {
  History history(kB);
  history.Punch(1, 20)
      .Read(kZeroValue, 2, 3)
      .Write(kA, 4, 5)
      .Read(kA, 6, 7)
      .Read(kZeroValue, 30, 31);
  EXPECT_EQ(history.Verdict_(false), "lost store");
  EXPECT_EQ(history.Verdict_(true), "kernel window");
}

TEST(RegisterCheck, FlagsALossOnFuseOfWhatWasSeenAfterThePunchReturned) {
  History history(kB);
  history.Punch(1, 20).Read(kZeroValue, 2, 3).Write(kA, 4, 5).Read(kA, 22, 23);
  EXPECT_TRUE(history.Legal(true));
  history.Read(kZeroValue, 30, 31);
  EXPECT_EQ(history.Verdict_(true), "lost store");
}

TEST(RegisterCheck, CountsAnEarlierStoreOfThePunchThatIsBackAsKernelWindowOnFuseOnly) {
  History history;
  history.Punch(1, 20).Write(kA, 4, 5).Write(kB, 8, 9).Read(kA, 30, 31);
  EXPECT_EQ(history.Verdict_(false), "stale after write");
  EXPECT_EQ(history.Verdict_(true), "kernel window");
}

TEST(RegisterCheck, CountsADirectReadAheadOfTheCacheDuringAPunchAsKernelWindowOnFuseOnly) {
  History history(kA);
  history.Punch(1, 20).ReadDirect(kZeroValue, 2, 3).Read(kA, 10, 11);
  EXPECT_EQ(history.Verdict_(false), "stale after punch");
  EXPECT_EQ(history.Verdict_(true), "kernel window");
  history.Read(kA, 21, 22);
  EXPECT_EQ(history.Verdict_(true), "stale after punch");
}

TEST(RegisterCheck, CountsADirectReadBehindTheCacheDuringAWriteAsKernelWindowOnFuseOnly) {
  History history;
  history.Write(kA, 1, 20).Read(kA, 2, 3).ReadDirect(kZeroValue, 5, 6);
  EXPECT_EQ(history.Verdict_(false), "lost store");
  EXPECT_EQ(history.Verdict_(true), "kernel window");
  history.ReadDirect(kZeroValue, 21, 22);
  EXPECT_EQ(history.Verdict_(true), "lost store");
}

TEST(RegisterCheck, CountsAStoreThatComesBackInAnEdgePageAsKernelWindowOnFuseOnly) {
  auto history = [](bool edge) {
    History made(kB);
    return (edge ? made.PunchPartOfPage(1, 20) : made.Punch(1, 20))
        .Write(kA, 4, 5)
        .Read(kZeroValue, 30, 31)
        .Read(kA, 40, 41);
  };
  EXPECT_EQ(history(true).Verdict_(true), "kernel window");
  EXPECT_NE(history(true).Verdict_(false), "legal");
  EXPECT_NE(history(false).Verdict_(true), "kernel window");
}

TEST(RegisterCheck, FlagsAnOldValueThatComesBackInAnEdgePageOnFuseToo) {
  EXPECT_EQ(
      History(kB).PunchPartOfPage(1, 20).Read(kZeroValue, 30, 31).Read(kB, 40, 41).Verdict_(true),
      "stale after punch");
}

TEST(RegisterCheck, FlagsCachedReadsThatDisagreeWhileAPunchRunsOnFuseToo) {
  EXPECT_EQ(History(kA).Punch(1, 20).Read(kZeroValue, 2, 3).Read(kA, 10, 11).Verdict_(true),
            "stale after punch");
}

TEST(RegisterCheck, FlagsAStoreFromBeforeThePunchOnFuseToo) {
  EXPECT_EQ(History().Write(kA, 1, 2).Punch(5, 20).Write(kB, 8, 9).Read(kA, 30, 31).Verdict_(true),
            "stale after punch");
}

TEST(RegisterCheck, AcceptsZeroFromGrowingOverAStoreBeyondTheEnd) {
  EXPECT_TRUE(
      History().Punch(1, 2).Write(kA, 3, 4).MayZero(1, 10).Read(kZeroValue, 11, 12).Legal());
  EXPECT_TRUE(History().Punch(1, 2).Write(kA, 3, 4).MayZero(1, 10).Read(kA, 11, 12).Legal());
}

TEST(RegisterCheck, AcceptsAFailedWriteOnlyOneWay) {
  EXPECT_TRUE(History(kB).Write(kA, 1, 2, true).Read(kB, 3, 4).Legal());
  EXPECT_TRUE(History(kB).Write(kA, 1, 2, true).Read(kA, 3, 4).Legal());
  EXPECT_FALSE(History(kB).Write(kA, 1, 2, true).Read(kA, 3, 4).Read(kB, 5, 6).Legal());
}

TEST(RegisterCheck, FlagsAValueFromBeforeTheWindow) {
  EXPECT_EQ(History().KilledBefore(Verdict::kStaleAfterZero).Read(kA, 1, 2).Verdict_(),
            "stale after zero range");
}

TEST(RegisterCheck, FlagsAValueThatIsSeenBeforeItIsWritten) {
  EXPECT_EQ(History().Read(kA, 1, 2).Write(kA, 3, 4).Verdict_(), "foreign data");
}

TEST(RegisterCheck, AcceptsATornReadDuringAWrite) {
  EXPECT_TRUE(History(kA).Write(kB, 1, 10).Read(kTornValue, 5, 6).Legal());
}

TEST(RegisterCheck, AcceptsATornCellAfterOverlappingMutations) {
  EXPECT_TRUE(History(kA).Write(kB, 1, 10).Punch(5, 15).Read(kTornValue, 20, 21).Legal());
}

TEST(RegisterCheck, FlagsATornReadThatNothingOverlaps) {
  EXPECT_EQ(History(kA).Write(kB, 1, 2).Punch(3, 4).Read(kTornValue, 5, 6).Verdict_(), "torn cell");
}

TEST(RegisterCheck, FlagsATornCellThatWasOverwritten) {
  EXPECT_EQ(History(kA)
                .Write(kB, 1, 10)
                .Punch(5, 15)
                .Write(kC, 16, 17)
                .Read(kTornValue, 20, 21)
                .Verdict_(),
            "torn cell");
}

}  // namespace
}  // namespace faultline::stress
