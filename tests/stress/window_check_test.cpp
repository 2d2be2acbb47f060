// SPDX-License-Identifier: GPL-2.0-or-later
#include "check/window_check.h"

#include <gtest/gtest.h>

namespace faultline::stress {
namespace {

constexpr uint32_t kCells = 8;

class WindowCheckTest : public testing::Test {
 protected:
  Operation& Add(Effect effect, uint32_t first, uint32_t cells, Instant begin, Instant end) {
    Operation& operation = thread_.operations.emplace_back();
    operation.call = "call";
    operation.effect = effect;
    operation.first_cell = first;
    operation.cells = cells;
    operation.when = {begin, end};
    return operation;
  }
  void Write(uint32_t first, uint32_t cells, uint64_t sequence, Instant begin, Instant end) {
    Add(Effect::kWrites, first, cells, begin, end).first_value = MakeValue(0, sequence);
  }
  void Read(uint32_t first, std::vector<CellValue> values, Instant begin, Instant end) {
    Add(Effect::kReads, first, static_cast<uint32_t>(values.size()), begin, end).values =
        static_cast<uint32_t>(thread_.values.size());
    thread_.values.insert(thread_.values.end(), values.begin(), values.end());
  }
  ViolationLog Check() {
    ViolationLog log;
    check_.Check({&thread_, 1}, log);
    thread_.Clear();
    return log;
  }

  ThreadHistory thread_;
  WindowCheck check_{1, kCells, false};
};

TEST_F(WindowCheckTest, GivesEachCellOfAWriteItsOwnValue) {
  Write(2, 3, 10, 1, 2);
  Read(1, {0, MakeValue(0, 10), MakeValue(0, 11), MakeValue(0, 12), 0}, 3, 4);
  EXPECT_EQ(Check().Failures(), 0u);
}

TEST_F(WindowCheckTest, FlagsOnlyTheCellThatIsWrong) {
  Write(2, 3, 10, 1, 2);
  Read(2, {MakeValue(0, 10), 0, MakeValue(0, 12)}, 3, 4);
  ViolationLog log = Check();
  EXPECT_EQ(log.Count(Verdict::kLostStore), 1u);
  ASSERT_EQ(log.kept().size(), 1u);
  EXPECT_NE(log.kept()[0].where.find("cell 3"), std::string::npos);
  EXPECT_EQ(log.kept()[0].timeline.size(), 2u);
}

TEST_F(WindowCheckTest, AppliesARangeToEveryCoveredCell) {
  Write(0, 8, 10, 1, 2);
  Add(Effect::kZeroes, 2, 4, 3, 4).stale = Verdict::kStaleAfterZero;
  Read(0, {MakeValue(0, 10), MakeValue(0, 11), 0, 0, MakeValue(0, 14), 0, MakeValue(0, 16)}, 5, 6);
  EXPECT_EQ(Check().Count(Verdict::kStaleAfterZero), 1u);
}

TEST_F(WindowCheckTest, CarriesWhatCellsHoldIntoTheNextWindow) {
  Write(0, 1, 10, 1, 2);
  Read(0, {MakeValue(0, 10)}, 3, 4);
  EXPECT_EQ(Check().Failures(), 0u);
  EXPECT_EQ(check_.Holds(0, 0), MakeValue(0, 10));
  Read(0, {0}, 5, 6);
  EXPECT_EQ(Check().Count(Verdict::kLostStore), 1u);
}

TEST_F(WindowCheckTest, NamesTheResetThatDidNotHold) {
  Write(0, 1, 10, 1, 2);
  Read(0, {MakeValue(0, 10)}, 3, 4);
  Check();
  check_.Reset(0, Verdict::kStaleAfterTruncate);
  Read(0, {MakeValue(0, 10)}, 5, 6);
  EXPECT_EQ(Check().Count(Verdict::kStaleAfterTruncate), 1u);
}

TEST_F(WindowCheckTest, IgnoresOperationsWithoutEffect) {
  Add(Effect::kNone, 0, kCells, 1, 2);
  EXPECT_EQ(Check().Failures(), 0u);
  EXPECT_EQ(check_.checked(), 0u);
}

}  // namespace
}  // namespace faultline::stress
